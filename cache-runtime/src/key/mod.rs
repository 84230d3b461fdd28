//! Keys: how arguments become text that no other arguments become.
//!
//! A key is the cache's prefix, a colon and the rendered template. What makes it safe is that an
//! argument can never be taken for anything but itself: see [`CacheKey`].

mod buffer;
mod cache_key;
mod encode;
pub(crate) mod ending;
mod features;
#[allow(missing_docs)] // reachable for generated code alone
pub(crate) mod fields;
mod generated;
pub(crate) mod glob;
mod impls;
mod parts;
pub(crate) mod pattern;
mod time;
mod transforms;
mod type_names;
pub(crate) mod whole;
mod writer;

#[cfg(test)]
mod tests;

pub use cache_key::{CacheKey, render};
pub use transforms::{Bucket, CaseFold};
pub(crate) use type_names::leaves_type_open;
pub use writer::KeyWriter;
