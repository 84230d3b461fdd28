//! Changing what is cached: by hand through an entry, and by functions that write.

pub(crate) mod defer;
pub(crate) mod entry;
pub(crate) mod put;
mod seizure;
pub(crate) mod writers;
