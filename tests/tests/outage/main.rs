//! G1: whatever happens to Redis, a call returns what its body returned, runs it once at most,
//! and adds nothing that anybody would notice; afterwards caching goes on by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod failover;
mod gone;
mod harmful;
mod idle;
mod large;
mod network;
mod odd_values;
mod refusing;
mod runtimes;

use cache_runtime::{Cache, redis_cache};
use cache_tests::{DEADLINE, Runs, builder_at, called, eventually, waited, within_a_second};
use futures_util::FutureExt as _;
use std::time::Duration;

/// The default of `Builder::timeout`.
const TIMEOUT: Duration = Duration::from_millis(250);

#[derive(Debug)]
struct Failure;

#[redis_cache(ttl = 60, key = "n:{n}")]
async fn doubled(runs: &Runs, n: u64) -> Result<u64, Failure> {
    runs.one_more();
    Ok(n * 2)
}

/// A cache with the patience that users have.
fn cache_at(url: &str) -> Cache {
    builder_at(url).timeout(TIMEOUT).build().unwrap()
}

/// One call that must run its body, whatever Redis does.
async fn computes(cache: &Cache, n: u64) {
    let runs = Runs::default();
    let (value, observed, _) = called(cache, doubled(&runs, n)).await;
    assert_eq!(value.unwrap(), n * 2);
    assert_eq!((runs.count(), observed.misses), (1, 1), "one run, one miss: {observed:?}");
}

/// Calls for which the store hangs: each, and all of them together, wait for one `budget`.
async fn wait_for<F: Future>(budget: Duration, calls: F) -> F::Output {
    let (output, took) = waited(calls).await;
    assert!((budget..budget * 11 / 10).contains(&took), "they waited for {took:?}");
    output
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
    eventually(DEADLINE, || hits(cache, n)).await;
}

/// From now on, caching goes on by itself within a second. The key is a new one, so that it is
/// stored first.
async fn recovers(cache: &Cache, n: u64) {
    within_a_second(|| hits(cache, n)).await;
}

/// While the outage lasts, calls wait for nothing at all: each has its end when it is polled first.
fn adds_nothing(cache: &Cache) {
    for n in 1000..1050 {
        assert!(computes(cache, n).now_or_never().is_some(), "call {n} waits for something");
    }
}
