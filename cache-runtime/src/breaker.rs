//! When to stop asking for something that is being refused, and when to try again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long the first refusal keeps others away.
const FIRST_WINDOW_MS: u64 = 100;
/// How long a repeated one does at most, so that recovery is seen within a second.
const LONGEST_WINDOW_MS: u64 = 500;

/// The breaker between the calls and the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BreakerState {
    /// Everything is let through.
    Closed,
    /// Nothing is.
    Open,
    /// One trial is under way.
    HalfOpen,
}

/// What [`Breaker::admit`] answers; to be handed back with the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Go on, nothing is known to be wrong.
    Normal,
    /// Go on: this is the one trial.
    Trial,
    /// Do not even try.
    Refused,
}

/// A circuit breaker: one word, no locks, no clock of its own.
///
/// ```text
/// Closed ── failed ──▶ Open(until) ── admit, from `until` on ──▶ HalfOpen(until) = one trial
///    ▲                    ▲                                        │  │
///    │                    └── the trial failed: a longer window ───┘  │
///    └─────────────────────────── the trial succeeded ────────────────┘
/// ```
///
/// A trial whose caller vanished (a cancelled request) must not block it for ever: its slot ends
/// after the window, and the next caller gets it. Outcomes of what was admitted before the
/// breaker opened change nothing: they are old news.
#[derive(Debug, Default)]
pub(crate) struct Breaker(AtomicU64);

/// The word: zero is closed; else `until` in milliseconds, the window's length, and a flag.
#[derive(Clone, Copy)]
struct Word {
    until: u64,
    window: u64,
    half_open: bool,
}

impl Word {
    fn read(word: u64) -> Option<Self> {
        (word != 0).then_some(Self {
            until: word >> 16,
            window: (word >> 1) & 0x7fff,
            half_open: word & 1 == 1,
        })
    }

    /// Never zero, since a window never is.
    fn write(now: u64, window: u64, half_open: bool) -> u64 {
        ((now + window) << 16) | (window << 1) | u64::from(half_open)
    }
}

impl Breaker {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// May this caller try, at the time `now`?
    pub(crate) fn admit(&self, now: Duration) -> Admission {
        let seen = self.0.load(Ordering::Acquire);
        let Some(word) = Word::read(seen) else { return Admission::Normal };
        let now = millis(now);
        if now < word.until {
            return Admission::Refused;
        }
        let trial = Word::write(now, word.window, true);
        match self.0.compare_exchange(seen, trial, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Admission::Trial,
            // Somebody else has just taken the slot, or closed the breaker: the next call sees.
            Err(_) => Admission::Refused,
        }
    }

    /// What was admitted went well. Answers whether this closed the breaker.
    pub(crate) fn succeeded(&self, admission: Admission) -> bool {
        admission == Admission::Trial && self.0.swap(0, Ordering::AcqRel) != 0
    }

    /// What was admitted was refused. Answers whether this opened a closed breaker.
    pub(crate) fn failed(&self, admission: Admission, now: Duration) -> bool {
        let now = millis(now);
        if admission == Admission::Trial {
            let seen = self.0.load(Ordering::Acquire);
            if let Some(word) = Word::read(seen) {
                let window = (word.window * 2).min(LONGEST_WINDOW_MS);
                // Lost to another outcome: that one is as good as this.
                let _ = self.0.compare_exchange(
                    seen,
                    Word::write(now, window, false),
                    Ordering::AcqRel,
                    Ordering::Acquire,
                );
                return false;
            }
        }
        let open = Word::write(now, FIRST_WINDOW_MS, false);
        self.0.compare_exchange(0, open, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// For those who look from outside.
    pub(crate) fn state(&self) -> BreakerState {
        match Word::read(self.0.load(Ordering::Acquire)) {
            None => BreakerState::Closed,
            Some(word) if word.half_open => BreakerState::HalfOpen,
            Some(_) => BreakerState::Open,
        }
    }
}

/// 47 bits of milliseconds: 4,000 years.
fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX).min((1 << 47) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn opens_on_the_first_refusal_and_says_so_once() {
        let breaker = Breaker::new();
        assert_eq!(breaker.admit(ms(0)), Admission::Normal);
        assert!(breaker.failed(Admission::Normal, ms(0)));
        assert!(!breaker.failed(Admission::Normal, ms(1)), "a late failure is old news");
        assert_eq!(breaker.admit(ms(99)), Admission::Refused);
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[test]
    fn lets_one_trial_through_at_a_time() {
        let breaker = Breaker::new();
        breaker.failed(Admission::Normal, ms(0));
        assert_eq!(breaker.admit(ms(100)), Admission::Trial);
        assert_eq!(breaker.admit(ms(100)), Admission::Refused);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(breaker.succeeded(Admission::Trial));
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert_eq!(breaker.admit(ms(101)), Admission::Normal);
    }

    #[test]
    fn waits_longer_after_each_failed_trial_up_to_the_cap() {
        let breaker = Breaker::new();
        breaker.failed(Admission::Normal, ms(0));
        let mut now = 100;
        for window in [200, 400, 500, 500] {
            assert_eq!(breaker.admit(ms(now)), Admission::Trial);
            assert!(!breaker.failed(Admission::Trial, ms(now)));
            assert_eq!(breaker.admit(ms(now + window - 1)), Admission::Refused);
            now += window;
        }
    }

    #[test]
    fn a_trial_that_vanished_frees_its_slot_after_the_window() {
        let breaker = Breaker::new();
        breaker.failed(Admission::Normal, ms(0));
        assert_eq!(breaker.admit(ms(100)), Admission::Trial);
        assert_eq!(breaker.admit(ms(199)), Admission::Refused);
        assert_eq!(breaker.admit(ms(200)), Admission::Trial);
    }

    #[test]
    fn success_of_what_was_sent_before_does_not_close_it() {
        let breaker = Breaker::new();
        breaker.failed(Admission::Normal, ms(0));
        assert!(!breaker.succeeded(Admission::Normal));
        assert_eq!(breaker.admit(ms(1)), Admission::Refused);
    }

    #[test]
    fn a_late_failed_trial_of_a_closed_breaker_opens_it_again() {
        let breaker = Breaker::new();
        assert!(breaker.failed(Admission::Trial, ms(7)));
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(!breaker.failed(Admission::Trial, Duration::MAX));
        assert_eq!(breaker.admit(Duration::ZERO), Admission::Refused);
    }
}
