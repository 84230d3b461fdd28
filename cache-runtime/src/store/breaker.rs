//! When to stop asking for something that is being refused, and when to try again.

use crate::figures::stats::BreakerState;
use crate::sync::{AtomicU64, Ordering};
use std::time::Duration;

/// How long the first refusal keeps others away.
const FIRST_WINDOW_MS: u64 = 100;
/// How long a repeated one does at most, so that recovery is seen within a second.
const LONGEST_WINDOW_MS: u64 = 500;

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
