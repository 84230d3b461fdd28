//! Shared by the examples: a database that takes its time, and a cache for them to use.

use cache_runtime::{Cache, Error};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A slow database that counts its queries.
#[derive(Debug, Default)]
pub struct Db {
    queries: AtomicU32,
}

impl Db {
    /// Takes as long as a query does.
    pub async fn query(&self) {
        self.queries.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(80)).await;
    }

    /// How many queries there were.
    pub fn queries(&self) -> u32 {
        self.queries.load(Ordering::Relaxed)
    }
}

/// The Redis of `REDIS_URL`, or else a store inside this process.
pub fn cache() -> Result<Cache, Error> {
    let builder = Cache::builder().prefix("example").default_ttl(Duration::from_secs(60));
    match std::env::var("REDIS_URL") {
        Ok(url) if !url.is_empty() => builder.build(),
        _ => builder.url("memory://").build(),
    }
}
