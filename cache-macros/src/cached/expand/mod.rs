//! Writes the code of a cached function.

pub(crate) mod companion;
pub(crate) mod copies;
pub(crate) mod function;
pub(crate) mod plan;
