//! Figures for the recorder of the `metrics` facade (feature `metrics`), which the guide lists in `operating`.
//!
//! A handle is asked for once, at the first call that needs it, and kept: a recorder has to be
//! installed before that. Without the feature `measure_off.rs` stands in the place of this file.

use super::counters::Outcome;
use metrics::{Counter, Gauge, Histogram, Unit};
use std::sync::{Once, OnceLock};
use std::time::Instant;

const REQUESTS: &str = "cache_requests_total";
const LOADS: &str = "cache_load_duration_seconds";
const COMMANDS: &str = "cache_store_duration_seconds";
const VOIDED: &str = "cache_voided_fills_total";
const ERRORS: &str = "cache_errors_total";
const BREAKER: &str = "cache_breaker_state";
const L1_ENTRIES: &str = "cache_l1_entries";
const L1_BYTES: &str = "cache_l1_bytes";
const L1_PUSHES: &str = "cache_l1_pushes_total";
const L1_DROPS: &str = "cache_l1_drops_total";
const L1_EVICTIONS: &str = "cache_l1_evictions_total";

fn describe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        use metrics::{describe_counter, describe_gauge, describe_histogram};
        describe_counter!(REQUESTS, Unit::Count, "Calls of cached functions, by what they came to");
        describe_histogram!(LOADS, Unit::Seconds, "How long the bodies of cached functions ran");
        describe_histogram!(COMMANDS, Unit::Seconds, "How long the store took for a command");
        describe_counter!(
            VOIDED,
            Unit::Count,
            "Values not stored, since they were invalidated while they were computed"
        );
        describe_counter!(ERRORS, Unit::Count, "Failures of the store or a codec during calls");
        describe_gauge!(BREAKER, "0: the store is asked; 1: it is out of reach and is not");
        describe_gauge!(L1_ENTRIES, Unit::Count, "Values kept in this process");
        describe_gauge!(L1_BYTES, Unit::Bytes, "What these are counted as, an estimate");
        describe_counter!(L1_PUSHES, Unit::Count, "Changes that Redis told, and flushes");
        describe_counter!(L1_DROPS, Unit::Count, "How often all that was kept was dropped");
        describe_counter!(L1_EVICTIONS, Unit::Count, "Values without room in this process");
    });
}

/// The handles of one function.
#[derive(Debug)]
pub(crate) struct Measures {
    requests: [OnceLock<Counter>; Outcome::COUNT],
    loads: OnceLock<Histogram>,
    voided: OnceLock<Counter>,
    errors: OnceLock<Counter>,
}

impl Measures {
    pub(crate) const fn new() -> Self {
        Self {
            requests: [const { OnceLock::new() }; Outcome::COUNT],
            loads: OnceLock::new(),
            voided: OnceLock::new(),
            errors: OnceLock::new(),
        }
    }
}

/// `function` is the path of the function that these are of.
impl Measures {
    /// Counts what a call came to.
    pub(crate) fn outcome<'f>(&self, function: impl FnOnce() -> &'f str, outcome: Outcome) {
        let Some(cell) = self.requests.get(outcome as usize) else { return };
        let counter = cell.get_or_init(|| {
            describe();
            let function = function().to_owned();
            metrics::counter!(REQUESTS, "function" => function, "outcome" => outcome.name())
        });
        counter.increment(1);
    }

    /// Counts a failure of the store or a codec.
    pub(crate) fn error(&self, function: &str) {
        counter(&self.errors, ERRORS, function).increment(1);
    }

    /// Counts a value that was not stored because of an invalidation.
    pub(crate) fn voided(&self, function: &str) {
        counter(&self.voided, VOIDED, function).increment(1);
    }

    /// A body begins. Nothing is measured of one that never ends.
    pub(crate) fn load_begins(&'static self, function: &str) -> Load {
        let histogram = self.loads.get_or_init(|| {
            describe();
            metrics::histogram!(LOADS, "function" => function.to_owned())
        });
        Timer { histogram, begun: Instant::now() }
    }
}

fn counter<'c>(cell: &'c OnceLock<Counter>, name: &'static str, function: &str) -> &'c Counter {
    cell.get_or_init(|| {
        describe();
        metrics::counter!(name, "function" => function.to_owned())
    })
}

/// A body that runs.
pub(crate) type Load = Timer<'static>;

/// The handle of one command to the store.
#[derive(Debug)]
pub(crate) struct Command {
    name: &'static str,
    times: OnceLock<Histogram>,
}

impl Command {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, times: OnceLock::new() }
    }

    /// It is sent.
    pub(crate) fn begins(&self) -> Timer<'_> {
        let histogram = self.times.get_or_init(|| {
            describe();
            metrics::histogram!(COMMANDS, "command" => self.name)
        });
        Timer { histogram, begun: Instant::now() }
    }
}

/// Something that takes time.
#[derive(Debug)]
pub(crate) struct Timer<'h> {
    histogram: &'h Histogram,
    begun: Instant,
}

impl Timer<'_> {
    /// It has ended.
    pub(crate) fn ends(self) {
        self.histogram.record(self.begun.elapsed());
    }
}

/// Whether calls to this server are kept back. Rare, so no handle is kept.
pub(crate) fn breaker(server: &str, open: bool) {
    describe();
    metrics::gauge!(BREAKER, "server" => server.to_owned()).set(if open { 1.0 } else { 0.0 });
}

/// The handles of what is kept in this process, by all of its caches together.
#[cfg_attr(not(feature = "l1"), allow(dead_code))] // the table tells it
struct L1Measures {
    entries: OnceLock<Gauge>,
    bytes: OnceLock<Gauge>,
    pushes: OnceLock<Counter>,
    drops: OnceLock<Counter>,
    evictions: OnceLock<Counter>,
}

static L1: L1Measures = L1Measures {
    entries: OnceLock::new(),
    bytes: OnceLock::new(),
    pushes: OnceLock::new(),
    drops: OnceLock::new(),
    evictions: OnceLock::new(),
};

/// A value of so many bytes is kept now.
#[cfg_attr(not(feature = "l1"), allow(dead_code))] // the table tells it
pub(crate) fn l1_kept(bytes: u64) {
    let (entries, size) = l1_gauges();
    entries.increment(1.0);
    size.increment(bytes as f64);
}

/// So many values of so many bytes together are kept no longer.
#[cfg_attr(not(feature = "l1"), allow(dead_code))] // the table tells it
pub(crate) fn l1_gone(count: u64, bytes: u64) {
    let (entries, size) = l1_gauges();
    entries.decrement(count as f64);
    size.decrement(bytes as f64);
}

fn l1_gauges() -> (&'static Gauge, &'static Gauge) {
    let gauge = |name: &'static str| {
        describe();
        metrics::gauge!(name)
    };
    (L1.entries.get_or_init(|| gauge(L1_ENTRIES)), L1.bytes.get_or_init(|| gauge(L1_BYTES)))
}

/// Redis told of a change.
pub(crate) fn l1_pushed() {
    l1_counter(&L1.pushes, L1_PUSHES).increment(1);
}

/// All that was kept was dropped.
pub(crate) fn l1_dropped() {
    l1_counter(&L1.drops, L1_DROPS).increment(1);
}

/// So many values had no room.
#[cfg_attr(not(feature = "l1"), allow(dead_code))] // the table tells it
pub(crate) fn l1_evicted(count: u64) {
    l1_counter(&L1.evictions, L1_EVICTIONS).increment(count);
}

fn l1_counter(cell: &'static OnceLock<Counter>, name: &'static str) -> &'static Counter {
    cell.get_or_init(|| {
        describe();
        metrics::counter!(name)
    })
}
