//! Keys: how arguments become text that no other arguments become.
//!
//! A key is the cache's prefix, a colon and the rendered template. What makes it safe is that an
//! argument can never be taken for anything but itself: see [`CacheKey`].
//!
//! ```
//! use cache_runtime::redis_cache;
//!
//! #[redis_cache(ttl = 60, key = "pair:{a}:{b}")]
//! async fn pair(a: &str, b: Option<u8>) -> u8 { 0 }
//!
//! # fn main() -> Result<(), cache_runtime::Error> {
//! assert_eq!(pair_entry("x", Some(7)).key()?, "cache:pair:x:7");
//! assert_eq!(pair_entry("x:7", None).key()?, "cache:pair:x%3A7:~");
//! # Ok(()) }
//! ```

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
#[allow(missing_docs)] // as above
pub(crate) mod own_tags;
mod parts;
pub(crate) mod pattern;
pub(crate) mod set;
pub(crate) mod tagging;
pub(crate) mod tags;
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
pub(crate) use writer::Renders;
