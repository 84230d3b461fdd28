//! What the program knows of each cached function: a `static` beside it, found at start-up.

mod path;
mod registry;

pub use registry::Registered;
pub(crate) use registry::{registry, ttl_settings, warn_of_overlaps};

use crate::figures::measure::Measures;
use crate::figures::stats::{Apart, Counters};
use crate::key::leaves_type_open;
use crate::key::pattern::Pattern;
use path::{names, path_of};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Where an attribute stands in the source, and which one it is: what a function and its companion
/// have in common.
#[derive(Debug, Clone, Copy)]
pub struct Location {
    pub module: &'static str,
    /// Which one of its crate.
    pub nth: u64,
    pub file: &'static str,
    pub line: u32,
    pub column: u32,
}

/// What the key of a method says of the type that its `impl` is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfType {
    /// The key holds it.
    InKey,
    /// The author wrote `skip(Self)`.
    Skipped,
    /// Neither.
    Missing,
}

/// What the macro knows of a cached function.
#[derive(Debug)]
pub struct Declared {
    pub location: Location,
    pub ident: &'static str,
    /// The `type_name` of an item inside the function: unlike `module_path!` it differs between
    /// two impls, two trait impls and two enclosing functions.
    pub item: fn() -> &'static str,
    pub template: Option<&'static str>,
    pub arguments: &'static [&'static str],
    pub version: Option<u64>,
    pub codec: &'static str,
    pub options: &'static [(&'static str, &'static str)],
    pub self_type: SelfType,
}

/// The per-function static.
#[derive(Debug)]
pub struct Function {
    declared: Declared,
    resolved: OnceLock<Resolved>,
    /// Whether the path names the type that the method is of; see [`method_of`].
    names_self: OnceLock<bool>,
    pub(crate) counters: Apart<Counters>,
    #[cfg_attr(not(feature = "metrics"), allow(dead_code))] // nothing to read
    pub(crate) measures: Measures,
    /// How long the last value was, which is a good guess for the next.
    last_size: AtomicUsize,
    warned_of_codec: AtomicBool,
    warned_of_refusal: AtomicBool,
}

#[derive(Debug)]
struct Resolved {
    path: String,
    /// The path goes through a generic impl; looked at once, since every call asks.
    path_is_open: bool,
    mark: String,
    refused: Option<&'static str>,
}

impl Function {
    #[must_use]
    pub const fn new(declared: Declared) -> Self {
        Self {
            declared,
            resolved: OnceLock::new(),
            names_self: OnceLock::new(),
            counters: Apart(Counters::new()),
            measures: Measures::new(),
            last_size: AtomicUsize::new(0),
            warned_of_codec: AtomicBool::new(false),
            warned_of_refusal: AtomicBool::new(false),
        }
    }

    pub(crate) fn declared(&self) -> &Declared {
        &self.declared
    }

    /// `crate.module.function`.
    pub(crate) fn path(&self) -> &str {
        &self.resolved().path
    }

    /// What tells versions and formats apart at the end of a key: `~2`, `~msgpack`, `~2.msgpack`.
    pub(crate) fn mark(&self) -> &str {
        &self.resolved().mark
    }

    /// Why the calls of this function are not cached, if they are not.
    pub(crate) fn refused(&self) -> Option<&'static str> {
        let resolved = self.resolved();
        if self.is_open() && self.declared.self_type == SelfType::Missing {
            return Some(
                "it stands in a generic impl, or is a trait's own method, and its key does not \
                 tell the types apart: put `{Self}` into the key, or write `skip(Self)` if one \
                 entry may serve them all",
            );
        }
        resolved.refused
    }

    /// Says of which type the function is a method. Only a function whose path leaves it open is
    /// one of several types.
    pub(crate) fn is_of(&self, type_name: &str) {
        self.names_self.get_or_init(|| names((self.declared.item)(), type_name));
    }

    /// Whether the function's path leaves open which type it is of.
    pub(crate) fn is_open(&self) -> bool {
        self.resolved().path_is_open || self.names_self.get() == Some(&false)
    }

    /// Whether the key can begin with whatever an argument says.
    fn begins_with_argument(&self) -> bool {
        self.declared.template.is_some_and(|key| key.starts_with('{') && !key.starts_with("{{"))
    }

    /// Whether `key` (without its prefix) reads like a default key of another function, which no
    /// argument may bring about.
    pub(crate) fn is_forged(&self, key: &str) -> bool {
        self.begins_with_argument()
            && registry().count(key.split(':').next().unwrap_or_default()) > 0
    }

    fn resolved(&self) -> &Resolved {
        self.resolved.get_or_init(|| {
            let path = path_of((self.declared.item)(), self.declared.ident);
            let refused = self.reason_to_refuse(&path);
            Resolved {
                mark: mark(self.declared.version, self.declared.codec),
                path_is_open: leaves_type_open(&path),
                path,
                refused,
            }
        })
    }

    fn reason_to_refuse(&self, path: &str) -> Option<&'static str> {
        if self.declared.template.is_none() && registry().count(path) > 1 {
            return Some(
                "another cached function has the same path, so their default keys would be one: \
                 give each a `key`",
            );
        }
        if registry().at(self.declared.location, self.declared.ident).is_none() {
            return Some(
                "its companion cannot tell it from another cached function of its name, so nothing \
                 that names it would invalidate it: give it another name",
            );
        }
        None
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

    /// Says once that a value of this function could not be written or read.
    pub(crate) fn warn_of_codec(&self, key: &str, why: &crate::Error) {
        if !self.warned_of_codec.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "cache_runtime",
                function = self.path(),
                key,
                error = %why,
                "a value cannot be cached; further ones of this function are only counted"
            );
        }
    }

    pub(crate) fn expected_size(&self) -> usize {
        self.last_size.load(Ordering::Relaxed)
    }

    pub(crate) fn note_size(&self, bytes: usize) {
        self.last_size.store(bytes, Ordering::Relaxed);
    }

    /// The key's shape, with a `{}` for each part that calls fill in.
    pub(crate) fn pattern(&self) -> Pattern {
        match self.declared.template {
            Some(template) => Pattern::of_template(template, self.mark()),
            None => Pattern::of_path(
                self.path(),
                self.declared.arguments.len(),
                self.is_open(),
                self.mark(),
            ),
        }
    }
}

/// A function that is a method of `T`, or of whatever type `T` stands for in a trait's own method
/// or a generic impl: the path names the type in neither case, and then the key has to.
#[must_use]
pub fn method_of<T: ?Sized>(function: &'static Function) -> &'static Function {
    function.is_of(std::any::type_name::<T>());
    function
}

fn mark(version: Option<u64>, codec: &str) -> String {
    match (version, codec) {
        (None, "") => String::new(),
        (None, codec) => format!("~{codec}"),
        (Some(version), "") => format!("~{version}"),
        (Some(version), codec) => format!("~{version}.{codec}"),
    }
}
