#![doc = include_str!("../README.md")]

mod breaker;
#[cfg(test)]
mod breaker_tests; // apart: the model checker compiles the file above
mod budget;
mod cache;
#[allow(missing_docs)] // as above
mod call;
mod claim;
mod clock;
mod codec;
mod config;
mod context;
mod defer;
mod entry;
mod error;
mod fill;
#[allow(missing_docs)] // reachable for generated code alone
mod function;
mod glob;
mod header;
#[cfg(feature = "axum")]
pub mod http;
mod invalidate;
mod journal;
pub mod key;
mod lease;
mod lookup;
#[cfg_attr(not(feature = "metrics"), path = "measure_off.rs")]
mod measure;
#[allow(missing_docs)] // as above
mod outcome;
#[allow(missing_docs)] // as above
mod own;
#[allow(missing_docs)] // as above
mod plain;
#[allow(missing_docs)] // as above
mod plan;
mod policy;
#[allow(missing_docs)] // as above
mod put;
mod read_through;
mod refresh;
mod replay;
mod single_flight;
mod stats;
mod store;
mod sync;
#[allow(missing_docs)] // as above
mod timeouts;
mod timers;
mod work;
#[allow(missing_docs)] // as above
mod writers;

#[doc(hidden)]
#[allow(missing_docs)] // for generated code alone
#[path = "private.rs"]
pub mod __private;

pub use breaker::BreakerState;
pub use cache::Cache;
pub use cache_macros::{CacheKey, redis_cache, redis_invalidate, redis_put};
pub use clock::Clock;
#[cfg(feature = "msgpack")]
pub use codec::MessagePack;
#[cfg(feature = "postcard")]
pub use codec::Postcard;
pub use codec::{Cacheable, Codec, Json};
pub use config::Builder;
pub use context::{Observed, bypass, observe, refresh};
pub use defer::defer_invalidations;
pub use entry::Entry;
pub use error::Error;
pub use journal::JournalStats;
pub use key::{Bucket, CacheKey, KeyWriter};
pub use stats::{Counts, FunctionStats, ProcessStats, Stats, Status, functions};
pub use store::ServerInfo;
pub use timeouts::TimedOut;
