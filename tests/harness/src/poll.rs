//! Waiting for something to become true: by looking, never by sleeping long enough.

use std::time::{Duration, Instant};

/// How long to wait for what is to become true: so long that a busy machine does not matter. It
/// costs nothing where the test passes.
pub const DEADLINE: Duration = Duration::from_secs(30);
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

/// How often [`within_a_second`] looks.
const LOOKS: u32 = 500;

/// Asks `condition` until it answers true, which it is to do within a second: as counted by the
/// looks that a second has room for, so that on a busy machine, where everything takes longer, the
/// second does as well.
///
/// # Panics
///
/// If it is not true by then.
pub async fn within_a_second<F, Fut>(mut condition: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    for _ in 0..LOOKS {
        if condition().await {
            return;
        }
        tokio::time::sleep(INTERVAL).await;
    }
    panic!("not true after {LOOKS} looks");
}

/// The same as [`eventually`] outside of a runtime.
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
