//! What calls came to, counted as they happen.

use super::lanes::{CachePadded, Lanes, Own};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a cached call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The store had the value.
    Hit,
    /// It was kept in this process.
    MemoryHit,
    /// The body ran.
    Miss,
    /// The store had a value past its time to live that could be served all the same.
    Stale,
    /// Another call of this process computed the value meanwhile.
    Coalesced,
    /// The cache was not asked.
    Bypassed,
}

impl Outcome {
    /// How many there are.
    #[cfg(feature = "metrics")]
    pub(crate) const COUNT: usize = Self::Bypassed as usize + 1;

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::MemoryHit => "memory_hit",
            Self::Miss => "miss",
            Self::Stale => "stale",
            Self::Coalesced => "coalesced",
            Self::Bypassed => "bypass",
        }
    }
}

/// Counts of what all threads do: those of a function, and those of a cache.
#[derive(Debug)]
pub(crate) struct Totals {
    counters: CachePadded<Counters>,
    /// Apart: nothing else happens so often.
    memory_hits: Lanes,
}

impl Totals {
    pub(crate) const fn new() -> Self {
        Self { counters: CachePadded(Counters::new()), memory_hits: Lanes::new() }
    }

    /// Where this thread counts such hits, once it has.
    #[inline]
    pub(crate) fn own_memory_hits(&self) -> Option<Own<'_>> {
        self.memory_hits.own()
    }

    #[inline]
    pub(crate) fn count(&self, outcome: Outcome) {
        match outcome {
            Outcome::MemoryHit => self.memory_hits.add(),
            _ => self.counters.count(outcome),
        }
    }

    /// What is counted beside outcomes.
    pub(crate) fn others(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn read(&self) -> Counts {
        let (counts, memory_hits) = (self.counters.read(), self.memory_hits.read());
        Counts {
            hits: counts.hits.saturating_add(memory_hits),
            memory_hits: counts.memory_hits.saturating_add(memory_hits),
            ..counts
        }
    }
}

/// Counts of outcomes, and of what went wrong beside them.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    hits: AtomicU64,
    memory_hits: AtomicU64,
    misses: AtomicU64,
    stale: AtomicU64,
    coalesced: AtomicU64,
    bypassed: AtomicU64,
    errors: AtomicU64,
    refreshes: AtomicU64,
    refreshes_skipped: AtomicU64,
    leases_lost: AtomicU64,
}

impl Counters {
    pub(crate) const fn new() -> Self {
        Self {
            hits: AtomicU64::new(0),
            memory_hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            stale: AtomicU64::new(0),
            coalesced: AtomicU64::new(0),
            bypassed: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            refreshes: AtomicU64::new(0),
            refreshes_skipped: AtomicU64::new(0),
            leases_lost: AtomicU64::new(0),
        }
    }

    pub(crate) fn count(&self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Hit => &self.hits,
            Outcome::MemoryHit => &self.memory_hits,
            Outcome::Miss => &self.misses,
            Outcome::Stale => &self.stale,
            Outcome::Coalesced => &self.coalesced,
            Outcome::Bypassed => &self.bypassed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_refresh(&self) {
        self.refreshes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_skipped(&self) {
        self.refreshes_skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_lease_lost(&self) {
        self.leases_lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Counts {
        let memory_hits = self.memory_hits.load(Ordering::Relaxed);
        Counts {
            hits: self.hits.load(Ordering::Relaxed).saturating_add(memory_hits),
            memory_hits,
            misses: self.misses.load(Ordering::Relaxed),
            stale: self.stale.load(Ordering::Relaxed),
            coalesced: self.coalesced.load(Ordering::Relaxed),
            bypassed: self.bypassed.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            refreshes: self.refreshes.load(Ordering::Relaxed),
            refreshes_skipped: self.refreshes_skipped.load(Ordering::Relaxed),
            leases_lost: self.leases_lost.load(Ordering::Relaxed),
        }
    }
}

/// How cached calls were answered. Every call is exactly one of hit, miss, stale, coalesced and
/// bypassed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Calls that were answered with a value that was there, in the store or in this process.
    pub hits: u64,
    /// Those of the hits that this process answered by itself (`l1`).
    pub memory_hits: u64,
    /// Calls that ran their body, or waited for one until their `hard_timeout`.
    pub misses: u64,
    /// Calls that were answered with a value past its time to live, as the function's stale windows
    /// allow.
    pub stale: u64,
    /// Calls that got what another call of this process was computing when they came.
    pub coalesced: u64,
    /// Calls that did not ask the cache: inside [`bypass`](crate::bypass), or caching is off.
    pub bypassed: u64,
    /// Failures of the store or a codec on the way; each such call still returned its result.
    pub errors: u64,
    /// Bodies begun in the background, or left to go on there by callers whose timeout had passed.
    pub refreshes: u64,
    /// Bodies not begun there, or dropped at a timeout, since there were as many as there may be or
    /// the cache was shut down.
    pub refreshes_skipped: u64,
    /// Values that were not stored, since their computation took longer than the lease of their key
    /// could be kept: a minute, or the process or the store stood still for two seconds.
    pub leases_lost: u64,
}

impl Counts {
    /// Hits among hits, stale values and misses, in percent; `None` before the first one. Neither a
    /// bypass counts nor a call that got what another was computing.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        let asked = self.hits + self.stale + self.misses;
        #[allow(clippy::cast_precision_loss)] // a percentage for people
        (asked > 0).then(|| self.hits as f64 * 100.0 / asked as f64)
    }
}

/// Collects what the calls inside an [`observe`](crate::observe) came to.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    pub(crate) counters: Counters,
    /// The `observe` around this one, which sees the same calls.
    outer: Option<Arc<Observer>>,
    /// The prefix of the cache that was asked first.
    #[cfg(feature = "axum")]
    first: std::sync::OnceLock<Arc<str>>,
}

impl Observer {
    /// One inside of `outer`.
    pub(crate) fn inside(outer: Option<Arc<Self>>) -> Self {
        Self { outer, ..Self::default() }
    }

    /// Takes note of the prefix of the cache that a call used.
    #[cfg(feature = "axum")]
    pub(crate) fn saw(&self, prefix: &Arc<str>) {
        let mut observer = Some(self);
        while let Some(Self { first, outer, .. }) = observer {
            first.get_or_init(|| prefix.clone());
            observer = outer.as_deref();
        }
    }

    /// The prefix of the cache that was asked first.
    #[cfg(feature = "axum")]
    pub(crate) fn prefix(&self) -> &str {
        self.first.get().map_or("", |prefix| prefix)
    }

    pub(crate) fn count(&self, outcome: Outcome) {
        self.each(|counters| counters.count(outcome));
    }

    pub(crate) fn each(&self, count: impl Fn(&Counters)) {
        let mut observer = Some(self);
        while let Some(Self { counters, outer, .. }) = observer {
            count(counters);
            observer = outer.as_deref();
        }
    }
}
