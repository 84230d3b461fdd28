//! Cache functions in Redis.
#![allow(dead_code, missing_docs)] // TODO remove

pub mod clock;
pub mod codec;
pub mod error;
pub mod key;
pub mod store;

pub use clock::Clock;
pub use codec::{Cacheable, Codec, Json};
pub use error::Error;
pub use key::CacheKey;
