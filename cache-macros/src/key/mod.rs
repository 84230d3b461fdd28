//! Keys: the template as text, what of the function it can name, and the code that renders it.
//!
//! Nothing here knows which attribute asks.

pub(crate) mod build;
mod check;
pub(crate) mod model;
pub(crate) mod names;
pub(crate) mod render;
pub(crate) mod template;
mod text;
pub(crate) mod transform;
