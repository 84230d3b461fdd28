//! The code of a cached function, and of its companion. What the options say has been judged.

mod batch;
pub(crate) mod companion;
mod copies;
pub(super) mod function;
mod open;
mod plan;
pub(crate) mod signature;
mod tags;
