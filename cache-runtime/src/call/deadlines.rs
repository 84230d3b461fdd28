//! When a caller stops waiting, counted from the start of its call.

use crate::timers;
use std::time::Duration;
use tokio::time::Instant;

/// What `soft_timeout` and `hard_timeout` say of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    start: Instant,
    pub(super) soft: Option<Duration>,
    pub(super) hard: Option<Duration>,
}

impl Deadlines {
    pub(super) fn starting_now() -> Self {
        Self { start: Instant::now(), soft: None, hard: None }
    }

    /// How long until the next one is reached; `None` when none is to come, or cannot be.
    pub(super) fn left(&self) -> Option<Duration> {
        let passed = self.start.elapsed();
        let soft =
            self.soft.and_then(|soft| soft.checked_sub(passed)).filter(|left| !left.is_zero());
        let next = match (soft, self.hard_left()) {
            (Some(soft), Some(hard)) => Some(hard.min(soft)),
            (soft, hard) => soft.or(hard),
        };
        next.filter(|_| timers::available())
    }

    /// How long until the caller gets an error instead; zero when it should have one.
    pub(super) fn hard_left(&self) -> Option<Duration> {
        self.hard.map(|hard| hard.saturating_sub(self.start.elapsed()))
    }

    pub(super) fn hard_is_reached(&self) -> bool {
        self.hard_left().is_some_and(|left| left.is_zero())
    }

    /// Whether one of them is reached.
    pub(super) fn is_reached(&self) -> bool {
        let passed = self.start.elapsed();
        [self.soft, self.hard].into_iter().flatten().any(|after| after <= passed)
    }
}
