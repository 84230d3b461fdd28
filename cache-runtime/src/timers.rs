//! Whether there are timers where this runs.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tokio::runtime::{Handle, Id};

/// Whether this is a Tokio runtime with its time enabled.
///
/// Tokio tells that by panicking alone, and a panic in a cached call is what must not be: asked
/// once per thread and runtime, so that the panic's message does not come with every call.
pub(crate) fn here() -> bool {
    thread_local! {
        static KNOWN: Cell<Option<(Id, bool)>> = const { Cell::new(None) };
    }
    let Ok(handle) = Handle::try_current() else { return false };
    let id = handle.id();
    match KNOWN.get() {
        Some((known, answer)) if known == id => answer,
        _ => {
            let asked = AssertUnwindSafe(|| drop(tokio::time::sleep(Duration::ZERO)));
            let answer = catch_unwind(asked).is_ok();
            KNOWN.set(Some((id, answer)));
            answer
        }
    }
}
