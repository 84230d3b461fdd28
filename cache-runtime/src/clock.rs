//! Time and chance, through one seam, so that tests move the clock instead of waiting for it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Where a [`Cache`](crate::Cache) takes the time and its randomness from.
///
/// The default is the machine's monotonic clock. [`Clock::manual`] stands still until it is
/// told to move, which is how a test lets an entry of a `memory://` cache expire without
/// sleeping. (Redis counts the life of what it stores by its own clock.)
///
/// ```
/// use cache_runtime::Clock;
/// use std::time::Duration;
///
/// let clock = Clock::manual();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now() - before, Duration::from_secs(60));
/// ```
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System { origin: Instant },
    Manual { nanos: Arc<AtomicU64>, chance: Arc<AtomicU64> },
}

impl Clock {
    /// The machine's monotonic clock, and a pseudo-random generator.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System { origin: Instant::now() })
    }

    /// A clock that only [`advance`](Self::advance) moves, and whose [`random`](Self::random) is
    /// 0.5 until [`set_random`](Self::set_random) says otherwise. Clones share one time.
    #[must_use]
    pub fn manual() -> Self {
        Self(Source::Manual {
            nanos: Arc::new(AtomicU64::new(0)),
            chance: Arc::new(AtomicU64::new(0.5_f64.to_bits())),
        })
    }

    /// The time since this clock was made.
    #[must_use]
    pub fn now(&self) -> Duration {
        match &self.0 {
            Source::System { origin } => origin.elapsed(),
            Source::Manual { nanos, .. } => Duration::from_nanos(nanos.load(Ordering::Acquire)),
        }
    }

    /// The time of a clock that a test moves, in nanoseconds; of the system's it is `at`.
    #[inline]
    pub(crate) fn now_or(&self, at: u64) -> u64 {
        match &self.0 {
            Source::System { .. } => at,
            Source::Manual { nanos, .. } => nanos.load(Ordering::Acquire),
        }
    }

    /// Moves a manual clock forward; the system's clock is not ours to move and stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual { nanos, .. } = &self.0 {
            let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
            // `update` cannot fail: the closure always returns a value.
            let _ = nanos.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
                Some(now.saturating_add(by))
            });
        }
    }

    /// A number in `0.0..1.0`.
    #[must_use]
    pub fn random(&self) -> f64 {
        match &self.0 {
            Source::System { .. } => fastrand::f64(),
            Source::Manual { chance, .. } => f64::from_bits(chance.load(Ordering::Acquire)),
        }
    }

    /// What a manual clock's [`random`](Self::random) answers from now on.
    pub fn set_random(&self, value: f64) {
        if let Source::Manual { chance, .. } = &self.0 {
            chance.store(value.to_bits(), Ordering::Release);
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Source::System { .. } => "system",
            Source::Manual { .. } => "manual",
        };
        f.debug_struct("Clock").field("kind", &kind).field("now", &self.now()).finish()
    }
}
