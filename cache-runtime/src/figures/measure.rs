//! Figures for the recorder of the `metrics` facade (feature `metrics`), which the guide lists in `operating`.
//!
//! A handle is asked for once, at the first call that needs it, and kept: a recorder has to be
//! installed before that. Without the feature `measure_off.rs` stands in the place of this file.

use super::counters::Outcome;
use metrics::{Counter, Histogram, Unit};
use std::sync::{Once, OnceLock};
use std::time::Instant;

const REQUESTS: &str = "cache_requests_total";
const LOADS: &str = "cache_load_duration_seconds";
const COMMANDS: &str = "cache_store_duration_seconds";
const VOIDED: &str = "cache_voided_fills_total";
const ERRORS: &str = "cache_errors_total";
const BREAKER: &str = "cache_breaker_state";

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
    pub(crate) fn outcome(&self, function: &str, outcome: Outcome) {
        let Some(cell) = self.requests.get(outcome as usize) else { return };
        let counter = cell.get_or_init(|| {
            describe();
            let function = function.to_owned();
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
