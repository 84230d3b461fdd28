//! G4 within one process: who misses a key that is being computed waits for it, and nobody hangs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod failing;
mod leaving;
mod meanwhile;
mod nested;
mod together;
mod unleased;

use cache_runtime::{Cache, redis_cache};
use cache_tests::{DEADLINE, Gate};
use std::sync::Arc;
use tokio::task::JoinHandle;

#[redis_cache(ttl = 60, key = "held:{n}")]
async fn held(gate: &Gate, n: u64) -> u64 {
    // Callers see whose result they got.
    gate.pass().await * 1000 + n
}

/// Starts a call in a task of its own.
fn start(cache: &Cache, gate: &Arc<Gate>, n: u64) -> JoinHandle<u64> {
    let (cache, gate) = (cache.clone(), gate.clone());
    tokio::spawn(async move { cache.scope(held(&gate, n)).await })
}

/// Lets everything that can go on go on: on a runtime of one thread, tasks that are ready run
/// before this one does again, and the ready ones of `memory://` are all there are.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Waits for what is to come without any call having given up waiting.
#[track_caller]
fn soon<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(DEADLINE, future).await {
            Ok(output) => output,
            Err(_) => panic!("it does not come: {place}"),
        }
    }
}
