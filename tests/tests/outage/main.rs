//! G1: whatever happens to Redis, a call returns what its body returned, runs it once at most,
//! and adds nothing that anybody would notice; afterwards caching goes on by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[path = "../common/mod.rs"]
mod common;
mod gone;
mod network;
mod odd_values;
mod refusing;
mod runtimes;

use cache_runtime::{Cache, redis_cache};
use cache_tests::eventually;
use common::{RECOVERY, Runs, called};
use std::time::{Duration, Instant};

/// The default of `Builder::timeout`, which these tests leave as it is.
const TIMEOUT: Duration = Duration::from_millis(250);

#[derive(Debug)]
struct Failure;

#[redis_cache(ttl = 60, key = "n:{n}")]
async fn doubled(runs: &Runs, n: u64) -> Result<u64, Failure> {
    runs.one_more();
    Ok(n * 2)
}

/// One call that must run its body, whatever Redis does. Answers how long it took.
async fn computes(cache: &Cache, n: u64) -> Duration {
    let runs = Runs::default();
    let (value, observed, took) = called(cache, doubled(&runs, n)).await;
    assert_eq!(value.unwrap(), n * 2);
    assert_eq!((runs.count(), observed.misses), (1, 1), "one run, one miss: {observed:?}");
    took
}

/// Whether a call is a hit; whatever it is, it returns the right value.
async fn hits(cache: &Cache, n: u64) -> bool {
    let runs = Runs::default();
    let (value, observed, _) = called(cache, doubled(&runs, n)).await;
    assert_eq!(value.unwrap(), n * 2);
    assert_eq!(runs.count(), observed.misses);
    observed.hits == 1
}

/// A value is there for good.
async fn warm(cache: &Cache, n: u64) {
    eventually(Duration::from_secs(5), || hits(cache, n)).await;
}

/// From now on, caching goes on by itself within a second. The key is a new one, so that it is
/// stored first.
async fn recovers(cache: &Cache, n: u64) {
    let took = eventually(Duration::from_secs(10), || hits(cache, n)).await;
    assert!(took < RECOVERY, "hits again only after {took:?}");
}

/// While the outage lasts, fifty calls together add less than one call's budget.
async fn adds_nothing(cache: &Cache) {
    let begun = Instant::now();
    for n in 1000..1050 {
        computes(cache, n).await;
    }
    let took = begun.elapsed();
    assert!(took < TIMEOUT, "50 calls took {took:?}");
}
