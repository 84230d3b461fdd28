//! How fresh what is served is: who shares a computation, stale windows, background refreshes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod dropped;
mod early;
mod flights;
mod remote;
mod timeouts;
mod windows;

use cache_runtime::Cache;
use cache_tests::{DEADLINE, Scene, called, eventually, outcome};

/// A call's value and what it came to.
async fn call<F: Future<Output = Result<u64, String>>>(
    cache: &Cache,
    call: F,
) -> (Result<u64, String>, &'static str) {
    let (value, observed, _) = called(cache, call).await;
    (value, outcome(observed))
}

/// Waits until nothing runs in the background. (A shutdown would do so too, but after it nothing
/// is refreshed any more.)
async fn idle(cache: &Cache) {
    eventually(DEADLINE, || async { cache.stats().await.process.refreshing == 0 }).await;
}

/// Stores 7 with half a minute to live: it is stale where there is a window of a minute.
fn set_stale(scene: &Scene, key: &str) {
    scene.server.command::<()>(&["SET", key, "7", "EX", "30"]);
}
