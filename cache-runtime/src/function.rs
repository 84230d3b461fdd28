//! What the program knows of each cached function: a `static` beside it, found at start-up.

use crate::key::leaves_type_open;
use crate::measure::Measures;
use crate::stats::Counters;
use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Where an attribute stands in the source: what a function and its companion have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Location {
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
    pub(crate) counters: Counters,
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

/// An entry of the list that the linker collects.
#[derive(Debug)]
pub struct Registered(pub &'static Function);

inventory::collect!(Registered);

impl Function {
    #[must_use]
    pub const fn new(declared: Declared) -> Self {
        Self {
            declared,
            resolved: OnceLock::new(),
            names_self: OnceLock::new(),
            counters: Counters::new(),
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
            && registry().paths.contains_key(key.split(':').next().unwrap_or_default())
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
        if self.declared.template.is_none() && registry().paths.get(path).is_some_and(|n| *n > 1) {
            return Some(
                "another cached function has the same path, so their default keys would be one: \
                 give each a `key`",
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
    pub(crate) fn pattern(&self) -> crate::key::pattern::Pattern {
        match self.declared.template {
            Some(template) => crate::key::pattern::Pattern::of_template(template, self.mark()),
            None => crate::key::pattern::Pattern::of_path(
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

/// Whether the `type_name` of an item names the type `of` whose `impl` it is in:
/// `app::Repo::find::__item`, `<app::Repo as app::Find>::…`, `app::db::<impl app::Repo>::…`.
fn names(item: &str, of: &str) -> bool {
    let part_of_a_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    item.match_indices(of).any(|(at, _)| {
        let before = item.get(..at).and_then(|head| head.chars().next_back());
        let after = item.get(at + of.len()..).unwrap_or_default();
        !before.is_some_and(part_of_a_path)
            && (after.starts_with("::") || after.starts_with(" as ") || after.starts_with('>'))
    })
}

/// All cached functions of the program.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) functions: Vec<&'static Function>,
    paths: HashMap<String, usize>,
    by_location: HashMap<(Location, &'static str), Option<&'static Function>>,
}

/// The functions that the linker collected, once.
pub(crate) fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let mut functions: Vec<_> =
            inventory::iter::<Registered>.into_iter().map(|r| r.0).collect();
        functions.sort_by_key(|f| {
            (f.declared.location.file, f.declared.location.line, f.declared.location.column)
        });
        let mut paths = HashMap::new();
        let mut by_location = HashMap::new();
        for function in &functions {
            let declared = &function.declared;
            *paths.entry(path_of((declared.item)(), declared.ident)).or_insert(0) += 1;
            by_location
                .entry((declared.location, declared.ident))
                .and_modify(|only| *only = None)
                .or_insert(Some(*function));
        }
        Registry { functions, paths, by_location }
    })
}

impl Registry {
    /// The function whose attribute also made a companion there. `None` where one invocation of
    /// a `macro_rules` macro made several of one name: they all stand at the same place.
    pub(crate) fn at(&self, location: Location, ident: &'static str) -> Option<&'static Function> {
        self.by_location.get(&(location, ident)).copied().flatten()
    }

    /// The function, or functions, of a path.
    pub(crate) fn named(&self, path: &str) -> impl Iterator<Item = &'static Function> {
        self.functions.iter().copied().filter(move |function| function.path() == path)
    }

    /// Pairs of functions whose keys can be one.
    pub(crate) fn overlaps(&self) -> Vec<(&'static Function, &'static Function)> {
        let patterns: Vec<_> = self.functions.iter().map(|f| (*f, f.pattern())).collect();
        let mut found = Vec::new();
        for (i, (one, pattern)) in patterns.iter().enumerate() {
            for (other, other_pattern) in patterns.iter().skip(i + 1) {
                // An argument that reads like a path is told by `is_forged`, call by call.
                let alike = one.declared.template.is_some() == other.declared.template.is_some();
                if alike && pattern.overlaps(other_pattern) {
                    found.push((*one, *other));
                }
            }
        }
        found
    }
}

/// The names that functions give to `ttl_setting`.
pub(crate) fn ttl_settings() -> impl Iterator<Item = &'static str> {
    let options = registry().functions.iter().flat_map(|f| f.declared.options);
    options.filter(|(name, _)| *name == "ttl_setting").map(|(_, value)| *value)
}

/// Says once per program which functions can meet under one key.
pub(crate) fn warn_of_overlaps() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        for (one, other) in registry().overlaps() {
            tracing::warn!(
                target: "cache_runtime",
                one = one.path(),
                other = other.path(),
                "two cached functions can render the same key; give one of them another `key`, \
                 unless they are meant to share their values"
            );
        }
    });
}

/// `<app::Repo<_> as app::Find>::find::{{closure}}::__item` → `(app.Repo(_)@app.Find).find`.
fn path_of(item: &str, ident: &str) -> String {
    let mut inside = item.rsplit_once("::").map_or(item, |(path, _item)| path);
    while let Some(outer) = inside.strip_suffix("::{{closure}}") {
        inside = outer;
    }
    let mut text = inside.replace("::{{closure}}", "");
    // A lifetime makes no other type, and its `_` leaves none open.
    for lifetime in ["<'_>", "'_, ", ", '_", "'_ "] {
        text = text.replace(lifetime, "");
    }
    let text = text.replace("::", ".").replace(" as ", "@");
    let mut path = String::with_capacity(text.len());
    for c in text.replace(", ", ",").chars() {
        path.push(match c {
            '<' => '(',
            '>' => ')',
            c if c.is_alphanumeric() || "._@,()".contains(c) => c,
            _ => '-',
        });
    }
    if path.is_empty() {
        path.push_str(ident);
    }
    path
}

fn mark(version: Option<u64>, codec: &str) -> String {
    match (version, codec) {
        (None, "") => String::new(),
        (None, codec) => format!("~{codec}"),
        (Some(version), "") => format!("~{version}"),
        (Some(version), codec) => format!("~{version}.{codec}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_readable_and_keep_what_tells_them_apart() {
        let path = |item| path_of(item, "find");
        assert_eq!(path("app::users::find::__item"), "app.users.find");
        assert_eq!(path("app::find::{{closure}}::__item"), "app.find");
        assert_eq!(path("app::outer::{{closure}}::find::{{closure}}::__item"), "app.outer.find");
        assert_eq!(
            path("<app::Repo<_> as app::Find>::find::__item"),
            "(app.Repo(_)@app.Find).find"
        );
        assert_eq!(path("app::Repo<'_>::find::__item"), "app.Repo.find");
        assert_eq!(path("app::Map<'_, app::K>::find::__item"), "app.Map(app.K).find");
        assert_eq!(path("app::Map<app::K, &str>::find::__item"), "app.Map(app.K,-str).find");
    }

    #[test]
    fn a_path_names_the_type_that_its_method_is_of() {
        for (item, of) in [
            ("app::Repo::find::__item", "app::Repo"),
            ("app::Repo<'_>::find::{{closure}}::__item", "app::Repo<'_>"),
            ("<app::Repo as app::Find>::find::__item", "app::Repo"),
            ("<&app::Repo as app::Find>::find::__item", "&app::Repo"),
            ("app::db::<impl app::Repo>::find::__item", "app::Repo"),
            ("app::main::<impl app::Find for app::Repo>::find::__item", "app::Repo"),
            ("<app::Map<[u8; 3]> as app::Find>::find::__item", "app::Map<[u8; 3]>"),
        ] {
            assert!(names(item, of), "{item} {of}");
        }
        for (item, of) in [
            ("app::Find::find::__item", "app::Repo"),
            ("app::Repository::find::__item", "app::Repo"),
            ("app::Repo<_>::find::__item", "app::Repo<u8>"),
            ("<_ as app::Find>::find::__item", "app::Repo"),
            ("myapp::Repo::find::__item", "app::Repo"),
        ] {
            assert!(!names(item, of), "{item} {of}");
        }
    }
}
