//! What more than one attribute uses. Nothing here knows an attribute.

pub(crate) mod cfg;
pub(crate) mod errors;
pub(crate) mod expand;
pub(crate) mod form;
pub(crate) mod item;
pub(crate) mod option;
pub(crate) mod paths;
pub(crate) mod pipeline;
pub(crate) mod suggest;
pub(crate) mod table;
pub(crate) mod times;
pub(crate) mod tokens;
pub(crate) mod values;
