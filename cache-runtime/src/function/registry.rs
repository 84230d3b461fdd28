//! The cached functions of the program, found at start-up.

use super::path::path_of;
use super::{Declared, Function, Location};
use std::collections::HashMap;
use std::sync::OnceLock;

/// An entry of the list that the linker collects.
#[derive(Debug)]
pub struct Registered(pub &'static Function);

inventory::collect!(Registered);

/// Which attribute it was: its module, its number in its crate, and the function that it is on.
type Attribute = (&'static str, u64, &'static str);

fn attribute_of(function: &Function) -> Attribute {
    let Declared { location, ident, .. } = function.declared();
    (location.module, location.nth, ident)
}

/// How long the path is. That of a copy under another name counts as longer than any other.
fn depth_of(function: &Function) -> usize {
    let Declared { item, ident, .. } = function.declared();
    let path = path_of(item(), ident);
    if path.rsplit('.').next() == Some(*ident) { path.len() } else { usize::MAX }
}

/// All cached functions of the program.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) functions: Vec<&'static Function>,
    paths: HashMap<String, usize>,
    by_attribute: HashMap<Attribute, Option<&'static Function>>,
}

/// The functions that the linker collected, once.
pub(crate) fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let mut functions: Vec<_> =
            inventory::iter::<Registered>.into_iter().map(|r| r.0).collect();
        let mut outermost = HashMap::new();
        for function in &functions {
            let depth = outermost.entry(attribute_of(function)).or_insert(usize::MAX);
            *depth = (*depth).min(depth_of(function));
        }
        // Others are copies that a further attribute has made of the body for its own ends, and
        // nobody calls: `#[axum::debug_handler]` does, inside of functions of its own.
        functions.retain(|f| outermost.get(&attribute_of(f)) == Some(&depth_of(f)));
        functions.sort_by_key(|f| {
            (f.declared.location.file, f.declared.location.line, f.declared.location.column)
        });
        let mut paths = HashMap::new();
        let mut by_attribute = HashMap::new();
        for function in &functions {
            let declared = &function.declared;
            *paths.entry(path_of((declared.item)(), declared.ident)).or_insert(0) += 1;
            by_attribute
                .entry(attribute_of(function))
                .and_modify(|only| *only = None)
                .or_insert(Some(*function));
        }
        Registry { functions, paths, by_attribute }
    })
}

impl Registry {
    /// The function whose attribute also made a companion. `None` where a further attribute made
    /// copies of the function.
    pub(crate) fn at(&self, location: Location, ident: &'static str) -> Option<&'static Function> {
        self.by_attribute.get(&(location.module, location.nth, ident)).copied().flatten()
    }

    /// How many functions have this path.
    pub(super) fn count(&self, path: &str) -> usize {
        self.paths.get(path).copied().unwrap_or(0)
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
