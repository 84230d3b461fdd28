//! What all integration tests share beside the servers of the harness.
// Not every test crate uses all of it.
#![allow(dead_code, unreachable_pub)]

use cache_runtime::{Cache, Observed, observe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

/// A test that takes longer hangs.
const DEADLINE: Duration = Duration::from_secs(30);
/// How soon after the end of an outage there must be hits again.
pub const RECOVERY: Duration = Duration::from_secs(1);

/// Runs a test that must not hang.
pub async fn limited<F: Future>(test: F) -> F::Output {
    match tokio::time::timeout(DEADLINE, test).await {
        Ok(output) => output,
        Err(_) => panic!("it hangs"),
    }
}

/// Counts how often bodies run. No `Clone`, no serde: cached functions take it by reference.
#[derive(Debug, Default)]
pub struct Runs(AtomicU64);

impl Runs {
    /// Answers which run this is, from 1.
    pub fn one_more(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub fn count(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A text that no other test has in its keys or logs.
pub fn unique(name: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A cache of one's own at `url`.
pub fn cache_at(url: &str) -> Cache {
    Cache::builder().url(url).prefix("t").build().expect("the settings are good")
}

/// A cache of one's own in memory.
pub fn in_memory() -> Cache {
    cache_at("memory://")
}

/// Polls `future` so many times, whenever it is woken, and drops it where it is then. Answers its
/// output if it came to its end.
pub async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (Box::pin(future), times);
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Pending if left > 0 => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
            Poll::Ready(output) => Poll::Ready(Some(output)),
        }
    })
    .await
}

/// Runs a call with `cache`; answers what it returned, what it came to, and how long it took.
pub async fn called<F: Future>(cache: &Cache, call: F) -> (F::Output, Observed, Duration) {
    let begun = Instant::now();
    let (output, observed) = observe(cache.scope(call)).await;
    (output, observed, begun.elapsed())
}
