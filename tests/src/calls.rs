//! Calls of cached functions, and what they come to.

use cache_runtime::{Cache, Observed, observe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

/// A test that takes longer hangs: far more than any takes on a busy machine.
const HANGS: Duration = Duration::from_secs(120);

/// Runs a test that must not hang.
pub async fn limited<F: Future>(test: F) -> F::Output {
    match tokio::time::timeout(HANGS, test).await {
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

/// Runs `work`, during which a store hangs; answers also how long it waited for that. The clock
/// of the runtime jumps to the next timer whenever there is nothing to do: hanging costs no time,
/// and what is answered does not depend on how busy the machine is. (Nor would the clock wait for
/// an answer over the network: there must be none.) The runtime must be one of one thread.
pub async fn waited<F: Future>(work: F) -> (F::Output, Duration) {
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let output = work.await;
    let waited = begun.elapsed();
    tokio::time::resume();
    (output, waited)
}

/// What one call came to, in a word.
pub fn outcome(observed: Observed) -> &'static str {
    match (observed.hits, observed.misses, observed.stale, observed.coalesced) {
        (1, 0, 0, 0) => "hit",
        (0, 1, 0, 0) => "miss",
        (0, 0, 1, 0) => "stale",
        (0, 0, 0, 1) => "coalesced",
        _ => panic!("{observed:?}"),
    }
}
