//! What all attributes use.

pub(crate) mod errors;
pub(crate) mod paths;
pub(crate) mod suggest;
pub(crate) mod times;
pub(crate) mod values;
