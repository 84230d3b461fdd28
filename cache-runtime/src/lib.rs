//! Cache functions in Redis.
#![allow(dead_code, missing_docs)] // TODO remove

mod breaker;
pub mod clock;
pub mod codec;
pub mod config;
pub mod error;
mod glob;
pub mod key;
pub mod store;

pub use clock::Clock;
pub use codec::{Cacheable, Codec, Json};
pub use error::Error;
pub use key::CacheKey;
