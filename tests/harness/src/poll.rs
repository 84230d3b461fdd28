//! Waiting for something to become true: by looking, never by sleeping long enough.

use std::time::{Duration, Instant};

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(2);

/// Asks `condition` until it answers true; answers how long that took.
///
/// # Panics
///
/// If it is not true by the `deadline`.
pub async fn eventually<F, Fut>(deadline: Duration, mut condition: F) -> Duration
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let begun = Instant::now();
    loop {
        if condition().await {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < deadline, "not true after {deadline:?}");
        tokio::time::sleep(INTERVAL).await;
    }
}

/// The same outside of a runtime.
///
/// # Panics
///
/// If it is not true by the `deadline`.
pub fn eventually_blocking(deadline: Duration, mut condition: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    loop {
        if condition() {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < deadline, "not true after {deadline:?}");
        std::thread::sleep(INTERVAL);
    }
}
