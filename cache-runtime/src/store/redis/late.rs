//! What to say of an answer that did not come in time.

use std::time::Duration;
use tokio::time::Instant;

/// Why there is no answer. A test can pause Tokio's clock, which then runs ahead as soon as
/// everybody waits, past every deadline, before any server can have answered.
pub(super) fn late() -> &'static str {
    if is_paused() {
        "Tokio's clock is paused, and ran ahead before the server could answer: use \
         `Cache::in_memory()` in this test, or do not pause the clock"
    } else {
        "it did not answer in time"
    }
}

/// Whether Tokio's clock stands still, which it does not tell.
fn is_paused() -> bool {
    const LONG_ENOUGH: Duration = Duration::from_micros(2);
    let (tokios, real) = (Instant::now(), std::time::Instant::now());
    while real.elapsed() < LONG_ENOUGH {
        std::hint::spin_loop();
    }
    Instant::now() == tokios
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clock_that_was_paused_is_said() {
        assert!(!late().contains("paused"));
        tokio::time::pause();
        assert!(late().contains("paused"));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(late().contains("paused"));
        tokio::time::resume();
        assert!(!late().contains("paused"));
    }
}
