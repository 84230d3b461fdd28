//! G4 within one process: who misses a key that is being computed waits for it, and nobody hangs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[path = "../common/mod.rs"]
mod common;
mod failing;
mod leaving;
mod meanwhile;
mod together;

use cache_runtime::{Cache, redis_cache};
use common::Runs;
use futures_util::poll;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;

/// A body that the test holds: it says when it has begun, and ends when it is let through.
#[derive(Debug)]
struct Gate {
    runs: Runs,
    begun: Notify,
    open: Semaphore,
}

impl Gate {
    fn new() -> Arc<Self> {
        Arc::new(Self { runs: Runs::default(), begun: Notify::new(), open: Semaphore::new(0) })
    }

    /// What bodies await. Answers which run this is.
    async fn pass(&self) -> u64 {
        let run = self.runs.one_more();
        let mut open = pin!(self.open.acquire());
        // In the queue before anybody hears of it, so that bodies are let through in their order.
        let at_once = poll!(open.as_mut());
        self.begun.notify_one();
        match at_once {
            Poll::Ready(permit) => permit,
            Poll::Pending => open.await,
        }
        .unwrap()
        .forget();
        run
    }

    /// A body has begun.
    async fn begun(&self) {
        self.begun.notified().await;
    }

    /// Lets everybody through, now and later.
    fn open(&self) {
        self.open.add_permits(100_000);
    }

    /// Lets one through.
    fn let_one(&self) {
        self.open.add_permits(1);
    }
}

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

/// Less than nothing in a test, more than a wait may take.
const SOON: Duration = Duration::from_secs(5);

#[track_caller]
fn soon<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(SOON, future).await {
            Ok(output) => output,
            Err(_) => panic!("it does not come: {place}"),
        }
    }
}
