//! Whether there are timers to bound a wait with.

use std::cell::Cell;
use std::panic::catch_unwind;
use std::time::Duration;
use tokio::runtime::{Handle, Id};

thread_local! {
    /// The runtime last asked about on this thread, and the answer.
    static KNOWN: Cell<Option<(Id, bool)>> = const { Cell::new(None) };
}

/// Whether this is a Tokio runtime with timers. Without them nothing is waited for: an unbounded
/// wait would be the alternative.
pub(crate) fn available() -> bool {
    let Ok(runtime) = Handle::try_current() else { return false };
    let id = runtime.id();
    match KNOWN.get() {
        Some((known, answer)) if known == id => answer,
        _ => {
            // Tokio tells by panicking alone, and a panic in a cached call is what must not be.
            let answer = catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).is_ok();
            KNOWN.set(Some((id, answer)));
            answer
        }
    }
}
