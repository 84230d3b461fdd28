//! When to leave a server that says it is a replica.
//!
//! It may have been the primary until now: then its name, or the sentinels, lead to another one by
//! now, or do so soon. Or it is a replica for good, which somebody chose: then it is read on, and
//! connected to anew ever more seldom.

use crate::backoff::Backoff;
use std::time::{Duration, Instant};

/// Between two departures.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
/// Who has said nothing of the kind for so long was a primary meanwhile.
const QUIET: Duration = Duration::from_secs(60);

/// What is known of one server's refusals to be written to.
#[derive(Debug)]
pub(super) struct Leaving {
    last: Option<Instant>,
    /// Not before.
    next: Option<Instant>,
    backoff: Backoff,
}

impl Leaving {
    pub(super) const fn new() -> Self {
        Self { last: None, next: None, backoff: BACKOFF }
    }

    /// It says that it is a replica. Answers whether to leave it now; `random` is in `0.0..1.0`.
    pub(super) fn leaves(&mut self, now: Instant, random: f64) -> bool {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) > QUIET) {
            *self = Self::new();
        }
        self.last = Some(now);
        let leaves = self.next.is_none_or(|next| now >= next);
        if leaves {
            self.next = Some(now + self.backoff.pause(random));
        }
        leaves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_left_at_once_and_then_ever_more_seldom() {
        let begun = Instant::now();
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        let mut leaving = Leaving::new();
        let left: Vec<_> = (0..120).filter(|n| leaving.leaves(at(*n), 1.0)).collect();
        assert_eq!(left, [0, 1, 3, 7, 15, 31, 61, 91]);
        assert!(!leaving.leaves(at(120), 1.0));
        assert!(leaving.leaves(at(181), 1.0), "it has been a primary meanwhile");
        assert!(leaving.leaves(at(182), 1.0));
    }
}
