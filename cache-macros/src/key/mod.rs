//! Keys: the template as written, what it can name, and what takes part in it.

pub(crate) mod build;
pub(crate) mod names;
pub(crate) mod template;
