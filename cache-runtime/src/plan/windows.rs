//! What may be served: pure policy, of durations alone.

use std::time::Duration;

/// How long after its time to live a value may still be served, and when (RFC 5861).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Windows {
    /// At once, while it is refreshed behind.
    pub(crate) revalidate: Duration,
    /// When the body fails.
    pub(crate) on_error: Duration,
}

/// The longest window, a hundred years: a time to live and a window together are to be no more than a store can
/// hold.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// What a value with some of its life left is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its time to live has not ended.
    Fresh,
    Stale {
        /// It may be served at once.
        at_once: bool,
        /// It may be served when the body fails.
        on_error: bool,
    },
    Expired,
}

impl Windows {
    /// What a value is stored for beyond its time to live.
    pub(crate) fn longest(self) -> Duration {
        self.revalidate.max(self.on_error).min(LONGEST)
    }

    pub(crate) fn is_none(self) -> bool {
        self.revalidate.is_zero() && self.on_error.is_zero()
    }

    /// What a value is good for that was made stale before its time.
    pub(crate) fn made_stale(self) -> State {
        State::Stale { at_once: !self.revalidate.is_zero(), on_error: !self.on_error.is_zero() }
    }

    /// `left` is how much of its life in the store is left: time to live and longest window.
    pub(crate) fn state(self, left: Duration) -> State {
        let window = self.longest();
        if left.is_zero() {
            State::Expired
        } else if left > window {
            State::Fresh
        } else {
            let stale_for = window - left;
            State::Stale {
                at_once: stale_for < self.revalidate,
                on_error: stale_for < self.on_error,
            }
        }
    }
}

/// Whether a fresh value is refreshed now, before its time to live ends in `left`: the likelier,
/// the longer its computation took, so that seldom two callers do it (XFetch: Vattani,
/// Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015).
/// `random` is in `0.0..1.0`; a `beta` of more than 1.0 makes it earlier.
pub(crate) fn is_early(load: Duration, left: Duration, beta: f64, random: f64) -> bool {
    // Comparing with what is no number is false, which is never.
    seconds_early(load, beta, random) >= left.as_secs_f64()
}

/// How long before its time to live ends a fresh value is refreshed, drawn once for all who look at
/// it later.
pub(crate) fn early(load: Duration, beta: f64, random: f64) -> Duration {
    let seconds = seconds_early(load, beta, random);
    // What is no number, or less than nothing, is never early.
    Duration::try_from_secs_f64(seconds).unwrap_or(if seconds > 0.0 {
        Duration::MAX
    } else {
        Duration::ZERO
    })
}

fn seconds_early(load: Duration, beta: f64, random: f64) -> f64 {
    // Zero has no logarithm.
    let chance = -random.max(f64::MIN_POSITIVE).ln();
    load.as_secs_f64() * beta * chance
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_life_is_fresh_then_stale_by_each_window_then_over() {
        let windows = Windows { revalidate: secs(10), on_error: secs(30) };
        let stale = |at_once, on_error| State::Stale { at_once, on_error };
        for (left, state) in [
            (secs(90), State::Fresh),
            (secs(30) + Duration::from_nanos(1), State::Fresh),
            (secs(30), stale(true, true)),
            (secs(20) + Duration::from_nanos(1), stale(true, true)),
            (secs(20), stale(false, true)),
            (Duration::from_nanos(1), stale(false, true)),
            (Duration::ZERO, State::Expired),
        ] {
            assert_eq!(windows.state(left), state, "{left:?}");
        }
        let other = Windows { revalidate: secs(30), on_error: secs(10) };
        assert_eq!(other.state(secs(30)), stale(true, true));
        assert_eq!(other.state(secs(20)), stale(true, false));
    }

    #[test]
    fn early_is_when_load_beta_and_chance_outweigh_what_is_left() {
        // -ln(1/e) is 1.
        let random = std::f64::consts::E.recip();
        assert!(is_early(secs(10), secs(9), 1.0, random));
        assert!(!is_early(secs(10), secs(11), 1.0, random));
        assert!(is_early(secs(10), secs(19), 2.0, random));
        assert!(!is_early(secs(10), secs(21), 2.0, random));
        assert!(is_early(secs(10), secs(7000), 1.0, 0.0), "not infinitely early, nor an error");
        assert!(!is_early(Duration::ZERO, secs(1), 1.0, 0.0));
        assert!(!is_early(secs(10), secs(1), f64::NAN, 0.5));
        assert!(!is_early(secs(10), secs(1), -1.0, 0.5));
    }

    proptest! {
        #[test]
        fn what_is_early_is_so_with_less_left_and_less_luck(
            load in 0_u64..100, left in 1_u64..100, beta in 0.1..10.0, random in 0.0..1.0,
            nearer in 0_u64..100, smaller in 0.0..1.0,
        ) {
            if is_early(secs(load), secs(left), beta, random) {
                let left = secs(left.saturating_sub(nearer));
                prop_assert!(is_early(secs(load), left, beta, random * smaller));
            }
        }
    }

    #[test]
    fn without_windows_nothing_is_ever_stale() {
        let none = Windows::default();
        assert_eq!(none.state(Duration::from_nanos(1)), State::Fresh);
        assert_eq!(none.state(Duration::ZERO), State::Expired);
    }
}
