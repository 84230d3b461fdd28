// The first definition of a link counts, see `guide`.
#![doc = include_str!("../docs/links/readme.md")]
#![doc = include_str!("../README.md")]

mod backoff;
mod boxed;
mod cache;
#[allow(missing_docs)] // reachable for generated code alone
mod call;
mod clock;
mod codec;
mod config;
mod error;
mod figures;
mod flight;
#[allow(missing_docs)] // as above
mod function;
#[cfg(any(doc, doctest))]
pub mod guide;
#[cfg(feature = "axum")]
pub mod http;
mod io_thread;
pub mod key;
mod l1;
#[allow(missing_docs)] // as above
mod plan;
mod store;
mod sync;
mod timers;
mod together;
#[allow(missing_docs)] // as above
mod write;

#[doc(hidden)]
#[allow(missing_docs)] // as above
#[path = "private.rs"]
pub mod __private;

pub use cache::Cache;
pub use cache::context::{Observed, bypass, observe, refresh};
// Of the macros these are the examples, which need this crate; the rest is their own text.
#[doc = include_str!("../docs/examples/cache_key.md")]
pub use cache_macros::CacheKey;
#[doc = include_str!("../docs/examples/redis_cache.md")]
pub use cache_macros::redis_cache;
#[doc = include_str!("../docs/examples/redis_invalidate.md")]
pub use cache_macros::redis_invalidate;
#[doc = include_str!("../docs/examples/redis_put.md")]
pub use cache_macros::redis_put;
pub use call::limits::TimedOut;
pub use clock::Clock;
pub use codec::json::Json;
#[cfg(feature = "msgpack")]
pub use codec::msgpack::MessagePack;
#[cfg(feature = "postcard")]
pub use codec::postcard::Postcard;
pub use codec::{Cacheable, Codec};
pub use config::Builder;
pub use error::Error;
pub use figures::counters::Counts;
pub use figures::stats::{
    BreakerState, FunctionStats, JournalStats, L1Stats, ProcessStats, ServerInfo, Stats, Status,
};
pub use function::listed::functions;
pub use key::{Bucket, CacheKey, KeyWriter};
pub use write::defer::defer_invalidations;
pub use write::entry::Entry;
