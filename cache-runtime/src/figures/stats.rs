//! Figures: what calls came to, counted as they happen, and what operators read.

use crate::flight::journal::JournalStats;
use crate::function::registry;
use crate::store::ServerInfo;
use crate::store::breaker::BreakerState;
use serde::Serialize;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a cached call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The store had the value.
    Hit,
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
            Self::Miss => "miss",
            Self::Stale => "stale",
            Self::Coalesced => "coalesced",
            Self::Bypassed => "bypass",
        }
    }
}

/// In cache lines of its own: every call writes here, and what lies beside it every call reads.
#[derive(Debug)]
#[repr(align(128))] // two lines of 64: processors fetch them in pairs
pub(crate) struct Apart<T>(pub(crate) T);

impl<T> Deref for Apart<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Counts of outcomes, and of what went wrong beside them.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    stale: AtomicU64,
    coalesced: AtomicU64,
    bypassed: AtomicU64,
    errors: AtomicU64,
    refreshes: AtomicU64,
    refreshes_skipped: AtomicU64,
}

impl Counters {
    pub(crate) const fn new() -> Self {
        Self {
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            stale: AtomicU64::new(0),
            coalesced: AtomicU64::new(0),
            bypassed: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            refreshes: AtomicU64::new(0),
            refreshes_skipped: AtomicU64::new(0),
        }
    }

    pub(crate) fn count(&self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Hit => &self.hits,
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

    pub(crate) fn read(&self) -> Counts {
        Counts {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            stale: self.stale.load(Ordering::Relaxed),
            coalesced: self.coalesced.load(Ordering::Relaxed),
            bypassed: self.bypassed.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            refreshes: self.refreshes.load(Ordering::Relaxed),
            refreshes_skipped: self.refreshes_skipped.load(Ordering::Relaxed),
        }
    }
}

/// What cached calls came to. Every call is exactly one of hit, miss, stale, coalesced and
/// bypassed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Calls that the store answered.
    pub hits: u64,
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
    pub(crate) outer: Option<Arc<Observer>>,
    /// The cache that was asked first.
    #[cfg(feature = "axum")]
    pub(crate) first: std::sync::OnceLock<crate::Cache>,
}

impl Observer {
    /// Takes note of the cache that a call used.
    #[cfg(feature = "axum")]
    pub(crate) fn saw(&self, cache: &crate::Cache) {
        let mut observer = Some(self);
        while let Some(Self { first, outer, .. }) = observer {
            first.get_or_init(|| cache.clone());
            observer = outer.as_deref();
        }
    }

    /// The prefix of the cache that was asked first.
    #[cfg(feature = "axum")]
    pub(crate) fn prefix(&self) -> &str {
        self.first.get().map_or("", |cache| &cache.settings().prefix)
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

/// Whether a cache reaches its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// The store answers.
    Connected,
    /// It does not; calls run their bodies.
    Unreachable,
    /// Caching is switched off.
    Disabled,
}

/// What [`Cache::stats`](crate::Cache::stats) answers. Serializes to JSON under these names.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Whether the store answers now.
    pub status: Status,
    /// The prefix of this cache's keys.
    pub prefix: String,
    /// The breaker of this process.
    pub breaker: BreakerState,
    /// The invalidations of this process that wait for the store.
    pub journal: JournalStats,
    /// What this process' calls through this cache came to, since it was built.
    pub process: ProcessStats,
    /// What the server says of itself: figures of all its clients. `None` when it does not answer.
    pub server: Option<ServerInfo>,
}

/// The part of [`Stats`] that this process counted.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ProcessStats {
    /// All functions.
    #[serde(flatten)]
    pub total: Counts,
    /// The share of hits in percent; `null` before the first call.
    pub hit_rate: Option<f64>,
    /// Bodies in the background that have not ended yet.
    pub refreshing: usize,
    /// Each function of the program, through whatever cache it was called.
    pub functions: Vec<FunctionStats>,
}

/// One cached function of the program.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct FunctionStats {
    /// `crate.module.function`, as [`Cache::invalidate_function`](crate::Cache::invalidate_function) takes it.
    pub path: String,
    /// The key template as written; `None` for the default key.
    pub key: Option<&'static str>,
    /// The other options as written.
    pub options: Vec<(&'static str, &'static str)>,
    /// Why its calls are not cached, if they cannot be.
    pub refused: Option<&'static str>,
    /// What its calls came to in this process.
    #[serde(flatten)]
    pub counts: Counts,
    /// The share of hits in percent; `null` before the first call.
    pub hit_rate: Option<f64>,
}

/// Every `#[redis_cache]` function of the program, in the order of its sources: path, template,
/// options, and what its calls came to so far.
///
/// ```
/// use cache_runtime::redis_cache;
///
/// #[redis_cache(ttl = 60, key = "cube:{n}")]
/// async fn cube(n: u64) -> u64 { n * n * n }
///
/// let listed = cache_runtime::functions();
/// let cube = listed.iter().find(|f| f.path.ends_with(".cube")).unwrap();
/// assert_eq!(cube.key, Some("cube:{n}"));
/// assert_eq!(cube.options, [("ttl", "60")]);
/// ```
#[must_use]
pub fn functions() -> Vec<FunctionStats> {
    let listed = registry().functions.iter().map(|function| {
        let counts = function.counters.read();
        FunctionStats {
            path: function.path().to_owned(),
            key: function.declared().template,
            options: function.declared().options.to_vec(),
            refused: function.refused(),
            hit_rate: counts.hit_rate(),
            counts,
        }
    });
    listed.collect()
}
