//! What the program knows of each cached function: a `static` beside it, found at start-up.

pub(crate) mod declared;
mod keys;
pub(crate) mod listed;
mod path;
mod refusal;
pub(crate) mod registry;
pub(crate) mod tagging;

use crate::figures::counters::{Outcome, Totals};
use crate::figures::lanes::Own;
use crate::figures::measure::{Load, Measures};
use crate::key::ending::mark;
use crate::key::leaves_type_open;
use crate::key::pattern::Pattern;
use declared::Declared;
use path::{leaves_trait_open, names, type_of};
use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// The per-function static.
#[derive(Debug)]
pub struct Function {
    declared: Declared,
    resolved: OnceLock<Resolved>,
    patterns: OnceLock<Vec<Pattern>>,
    /// Why its calls are not cached, if they are not.
    refused: OnceLock<Option<Cow<'static, str>>>,
    /// What the path says of the type that the method is of; see [`method_of`].
    of: OnceLock<Of>,
    pub(crate) counters: Totals,
    measures: Measures,
    /// How long the last value was, which is a good guess for the next.
    last_size: AtomicUsize,
    /// The longest that a value with tags was stored for, in milliseconds.
    longest_life: AtomicU64,
    warned_of_codec: AtomicBool,
    warned_of_value: AtomicBool,
    warned_of_refusal: AtomicBool,
    warned_of_lease: AtomicBool,
}

/// What the path of a method says of its type.
#[derive(Debug, Clone, Copy)]
struct Of {
    names_self: bool,
    /// It is of a trait with parameters that the path leaves open, and that no `Self` tells.
    trait_is_open: bool,
}

#[derive(Debug)]
struct Resolved {
    /// Which one it is, in the order of their first calls.
    number: usize,
    path: String,
    /// The path goes through a generic impl; looked at once, since every call asks.
    path_is_open: bool,
    mark: String,
}

/// The number of the next function that is called.
static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Function {
    #[must_use]
    pub const fn new(declared: Declared) -> Self {
        Self {
            declared,
            resolved: OnceLock::new(),
            patterns: OnceLock::new(),
            refused: OnceLock::new(),
            of: OnceLock::new(),
            counters: Totals::new(),
            measures: Measures::new(),
            last_size: AtomicUsize::new(0),
            longest_life: AtomicU64::new(0),
            warned_of_codec: AtomicBool::new(false),
            warned_of_value: AtomicBool::new(false),
            warned_of_refusal: AtomicBool::new(false),
            warned_of_lease: AtomicBool::new(false),
        }
    }

    pub(crate) fn declared(&self) -> &Declared {
        &self.declared
    }

    /// `crate.module.function`.
    pub(crate) fn path(&self) -> &str {
        &self.resolved().path
    }

    /// Which one of the program's it is.
    pub(crate) fn number(&self) -> usize {
        self.resolved().number
    }

    /// What tells versions and formats apart at the end of a key: `~2`, `~msgpack`, `~2.msgpack`.
    pub(crate) fn mark(&self) -> &str {
        &self.resolved().mark
    }

    /// Says of which type the function is a method, and what a closure in it is called, whose name holds what
    /// the parameters around it stand for. Only a function whose path leaves its type open is one of several.
    /// Where the function says no `Self`, that name tells whether a trait's method it is, and for which type.
    pub(crate) fn is_of(&self, type_name: Option<&str>, here: &str) {
        self.of.get_or_init(|| {
            let item = (self.declared.item)();
            match type_name.or_else(|| type_of(here)) {
                Some(type_name) => Of {
                    names_self: names(item, type_name),
                    trait_is_open: leaves_trait_open(item, here, type_name),
                },
                None => Of { names_self: true, trait_is_open: false },
            }
        });
    }

    /// Whether it is of a trait of whose parameters `Self` may say nothing.
    fn trait_is_open(&self) -> bool {
        self.of.get().is_some_and(|of| of.trait_is_open)
    }

    /// Whether the function's path leaves open which type it is of.
    pub(crate) fn is_open(&self) -> bool {
        self.resolved().path_is_open || self.of.get().is_some_and(|of| !of.names_self)
    }

    fn resolved(&self) -> &Resolved {
        self.resolved.get_or_init(|| {
            let path = self.declared.path();
            Resolved {
                number: NEXT.fetch_add(1, Ordering::Relaxed),
                mark: mark(self.declared.version, self.declared.codec),
                path_is_open: leaves_type_open(&path),
                path,
            }
        })
    }

    /// Says once that, and why, this function is not cached.
    pub(crate) fn warn_of_refusal(&self, why: &str) {
        if !self.warned_of_refusal.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "cache_runtime",
                function = self.path(),
                "calls are not cached: {why}"
            );
        }
    }

    /// Says once that what is stored for this function could not be read.
    pub(crate) fn warn_of_codec(&self, key: &str, why: &crate::error::Error) {
        if !self.warned_of_codec.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "cache_runtime",
                function = self.path(),
                key,
                error = %why,
                "what is stored cannot be read; further such values of this function are only counted"
            );
        }
    }

    /// Says once that a value of this function cannot be stored.
    pub(crate) fn warn_of_value(&self, key: &str, why: &crate::error::Error) {
        if !self.warned_of_value.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "cache_runtime",
                function = self.path(),
                key,
                error = %why,
                "a value cannot be cached; further ones of this function are only counted"
            );
        }
    }

    /// Says once that a value of this function was not stored, since its lease ran out.
    pub(crate) fn warn_of_lease(&self, key: &str) {
        if !self.warned_of_lease.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "cache_runtime",
                function = self.path(),
                key,
                "a value was not stored: its computation took longer than its lease could be kept \
                 (a minute, or the process or the store stood still); further ones of this function \
                 are only counted"
            );
        }
    }

    /// Counts what a call came to.
    pub(crate) fn count(&self, outcome: Outcome) {
        self.counters.count(outcome);
        self.measures.outcome(|| self.path(), outcome);
    }

    /// [`count`](Self::count)s a call that this process answered by itself.
    #[inline]
    pub(crate) fn count_memory_hit(&self, own: Own<'_>) {
        own.add();
        self.measures.outcome(|| self.path(), Outcome::MemoryHit);
    }

    /// Counts a failure of the store or a codec.
    pub(crate) fn count_failure(&self) {
        self.measures.error(self.path());
    }

    /// Counts a value that was invalidated while it was computed, and is not stored therefore.
    pub(crate) fn count_voided(&self) {
        self.measures.voided(self.path());
    }

    /// A body begins.
    pub(crate) fn load_begins(&'static self) -> Load {
        self.measures.load_begins(self.path())
    }

    pub(crate) fn expected_size(&self) -> usize {
        self.last_size.load(Ordering::Relaxed)
    }

    /// The longest that a value with tags was stored for: how long its tags are needed.
    pub(crate) fn longest_life(&self) -> Duration {
        Duration::from_millis(self.longest_life.load(Ordering::Relaxed))
    }

    pub(crate) fn note_life(&self, life: Duration) {
        let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        self.longest_life.fetch_max(life, Ordering::Relaxed);
    }

    pub(crate) fn note_size(&self, bytes: usize) {
        self.last_size.store(bytes, Ordering::Relaxed);
    }
}

/// A function that is a method of `T`, or of whatever type `T` stands for in a trait's own method
/// or a generic impl: the path names the type in neither case, and then the key has to.
///
/// `here` is the name of a closure in it, or nothing where the macro has seen that `T` tells all parameters.
#[must_use]
pub fn method_of<T: ?Sized>(function: &'static Function, here: &str) -> &'static Function {
    function.is_of(Some(std::any::type_name::<T>()), here);
    function
}

/// A function that says no `Self`, and may be a trait's method all the same: `here`, the name of a closure in
/// it, tells.
#[must_use]
#[inline]
pub fn function_at(function: &'static Function, here: &str) -> &'static Function {
    // Called the first time alone: every call of the function comes by here.
    if function.of.get().is_none() {
        function.is_of(None, here);
    }
    function
}
