//! What a call may spend on the store.

use std::time::{Duration, Instant};

/// The time that all store commands of one call have together. The body's time is not in it.
pub(crate) struct Budget {
    left: Duration,
}

impl Budget {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { left: timeout }
    }

    /// How long the next command may take; `None` when there is to be none.
    pub(crate) fn left(&self) -> Option<Duration> {
        (!self.left.is_zero()).then_some(self.left)
    }

    /// Takes off what a command took. After a failure no more are sent.
    pub(crate) fn charge(&mut self, sent: Instant, worked: bool) {
        self.left = if worked { self.left.saturating_sub(sent.elapsed()) } else { Duration::ZERO };
    }
}
