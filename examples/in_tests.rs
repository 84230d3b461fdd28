//! How to test code that is cached: each test has its own cache, and moves its clock.

use cache_runtime::{Cache, Clock, redis_cache};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

static QUERIES: AtomicU32 = AtomicU32::new(0);

#[redis_cache(ttl = "1h", key = "price:{id}")]
async fn price(id: u64) -> u64 {
    QUERIES.fetch_add(1, Ordering::Relaxed);
    id * 100
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let clock = Clock::manual();
    // `Cache::in_memory()`, with a clock; `enabled` beats a REDIS_ENABLED=false of the environment.
    let cache = Cache::builder().url("memory://").enabled(true).clock(clock.clone()).build()?;

    cache
        .scope(async {
            price(1).await;
            price(1).await;
            assert_eq!(QUERIES.load(Ordering::Relaxed), 1, "the second call is a hit");

            clock.advance(Duration::from_secs(3601));
            price(1).await;
            assert_eq!(QUERIES.load(Ordering::Relaxed), 2, "an hour later it is not");

            cache_runtime::bypass(price(1)).await;
            assert_eq!(QUERIES.load(Ordering::Relaxed), 3, "a bypass runs the body");

            let (_, observed) = cache_runtime::observe(price(1)).await;
            assert_eq!((observed.hits, observed.misses), (1, 0));

            // A task is outside of the scope: it takes the cache along.
            let current = Cache::current();
            let task = tokio::spawn(async move {
                cache_runtime::observe(current.scope(price(1))).await.1.hits
            });
            assert_eq!(task.await?, 1);
            anyhow::Ok(())
        })
        .await?;
    println!("an hour passed in no time");
    Ok(())
}
