//! The cached functions of the program, found at start-up.

use super::Function;
use super::declared::{Declared, Location};
use std::collections::HashMap;
use std::sync::OnceLock;

/// An entry of the list that the linker collects.
#[derive(Debug)]
pub struct Registered(pub &'static Function);

inventory::collect!(Registered);

/// Which attribute it was: its module and file, its number in its crate, and the function that it
/// is on. The library and the program of one package have one name, and number their own.
type Attribute = (&'static str, &'static str, u64, &'static str);

fn attribute(location: Location, ident: &'static str) -> Attribute {
    (location.module, location.file, location.nth, ident)
}

fn attribute_of(function: &Function) -> Attribute {
    let Declared { location, ident, .. } = *function.declared();
    attribute(location, ident)
}

/// Whether both render the same keys: not where the key is made of the path.
fn have_same_keys(one: &Function, other: &Function) -> bool {
    let keys = |function: &Function| {
        let Declared { template, version, codec, .. } = *function.declared();
        template.map(|template| (template, version, codec))
    };
    keys(one).is_some_and(|of_one| keys(other) == Some(of_one))
}

/// How long the path is. That of a copy under another name counts as longer than any other.
fn depth_of(function: &Function) -> usize {
    let Declared { ident, .. } = function.declared();
    let path = function.declared().path();
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
        Registry::of(inventory::iter::<Registered>.into_iter().map(|r| r.0).collect())
    })
}

impl Registry {
    fn of(mut functions: Vec<&'static Function>) -> Self {
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
            *paths.entry(declared.path()).or_insert(0) += 1;
            by_attribute
                .entry(attribute_of(function))
                .and_modify(|one: &mut Option<&'static Function>| {
                    *one = one.filter(|one| have_same_keys(one, function));
                })
                .or_insert(Some(*function));
        }
        Self { functions, paths, by_attribute }
    }

    /// The function whose attribute also made a companion. `None` where that is one of several
    /// that have not the same keys: of copies that a further attribute made, or where the
    /// library and the program of one package hold the same file.
    pub(crate) fn at(&self, location: Location, ident: &'static str) -> Option<&'static Function> {
        self.by_attribute.get(&attribute(location, ident)).copied().flatten()
    }

    /// How many functions have this path.
    pub(super) fn count(&self, path: &str) -> usize {
        self.paths.get(path).copied().unwrap_or(0)
    }

    /// The function, or functions, of a path.
    pub(crate) fn named(&self, path: &str) -> impl Iterator<Item = &'static Function> {
        self.functions.iter().copied().filter(move |function| function.path() == path)
    }

    /// The first one of those with the entries of this function, and in what they do not agree, where one of
    /// them is of many keys.
    pub(super) fn disagrees(
        &self,
        function: &Function,
    ) -> Option<(&'static Function, &'static str)> {
        let mut alike = self.functions.iter().filter(|other| other.shares_entries(function));
        let first = *alike.clone().next()?;
        let option = first.differs_in(function)?;
        alike.any(|other| other.is_batch()).then_some((first, option))
    }

    /// Pairs of functions whose keys can be one, and are not meant to be.
    pub(crate) fn overlaps(&self) -> Vec<(&'static Function, &'static Function)> {
        let mut found = Vec::new();
        for (i, one) in self.functions.iter().enumerate() {
            for other in self.functions.iter().skip(i + 1) {
                // An argument that reads like a path is told by `is_forged`, call by call.
                let alike = one.declared.template.is_some() == other.declared.template.is_some();
                let meant = (one.is_batch() || other.is_batch())
                    && one.shares_entries(other)
                    && one.differs_in(other).is_none();
                if alike && !meant && one.overlaps(other) {
                    found.push((*one, *other));
                }
            }
        }
        found
    }
}

/// Whether any function has this option.
pub(crate) fn has_option(name: &str) -> bool {
    let given =
        |function: &&Function| function.declared.options.iter().any(|(option, _)| *option == name);
    registry().functions.iter().any(given)
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

#[cfg(test)]
mod tests {
    use super::super::declared::SelfType;
    use super::*;

    fn declared(
        file: &'static str,
        template: Option<&'static str>,
        version: Option<u64>,
    ) -> Declared {
        Declared {
            location: location(file),
            ident: "find",
            item: || "app::find::__item",
            template,
            arguments: &[],
            version,
            codec: "",
            options: &[],
            tags: &[],
            self_type: SelfType::InKey,
        }
    }

    /// Leaked, as a static would be.
    fn of(declared: Declared) -> &'static Function {
        Box::leak(Box::new(Function::new(declared)))
    }

    fn function(
        file: &'static str,
        template: Option<&'static str>,
        version: Option<u64>,
    ) -> &'static Function {
        of(declared(file, template, version))
    }

    fn location(file: &'static str) -> Location {
        Location { module: "app", nth: 0, file, line: 1, column: 1 }
    }

    fn at(functions: &[&'static Function], file: &'static str) -> Option<&'static Function> {
        Registry::of(functions.to_vec()).at(location(file), "find")
    }

    #[test]
    fn a_file_in_library_and_program_is_one_function_where_its_keys_are() {
        let twice = || function("users.rs", Some("user:{id}"), Some(2));
        let (one, other) = (twice(), twice());
        assert!(std::ptr::eq(at(&[one, other], "users.rs").unwrap(), one));

        let changed = function("users.rs", Some("user:{id}"), Some(3));
        assert!(at(&[one, changed, other], "users.rs").is_none());
        let (one, other) = (function("users.rs", None, None), function("users.rs", None, None));
        assert!(at(&[one, other], "users.rs").is_none());
    }

    #[test]
    fn functions_of_one_name_and_number_are_told_apart_by_their_files() {
        let (lib, main) = (function("lib.rs", None, Some(1)), function("main.rs", None, Some(2)));
        assert!(std::ptr::eq(at(&[lib, main], "main.rs").unwrap(), main));
        assert!(std::ptr::eq(at(&[lib, main], "lib.rs").unwrap(), lib));
        assert!(at(&[lib, main], "users.rs").is_none());
    }

    #[test]
    fn a_list_and_its_single_function_are_meant_to_share_unless_they_differ_in_what_is_stored() {
        let with = |options| of(Declared { options, ..declared("a.rs", Some("user:{id}"), None) });
        let (list, one) = (with(&[("batch", "ids"), ("ttl", "60")]), with(&[("ttl", "5")]));
        assert!(Registry::of(vec![list, one]).overlaps().is_empty());
        let keeps_none = with(&[("none_ttl", "5")]);
        assert_eq!(Registry::of(vec![list, keeps_none]).overlaps().len(), 1);
    }

    #[test]
    fn what_no_companion_would_find_is_not_cached() {
        let unknown = function("nowhere.rs", Some("user:{id}"), None);
        assert!(unknown.refused().is_some_and(|why| why.contains("nothing that names it")));
    }
}
