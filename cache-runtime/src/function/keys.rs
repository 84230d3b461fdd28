//! Which keys a cached function can have, known without calling it.

use super::Function;
use super::declared::SelfType;
use crate::key::ending::head;
use crate::key::pattern::Pattern;
use crate::key::set::{KeySet, Keys};
use crate::key::whole::Key;
use std::sync::Arc;

/// The keys of a function's calls of which some arguments are left open.
#[derive(Debug)]
struct Calls {
    id: String,
    mark: &'static str,
    shape: Pattern,
}

impl KeySet for Calls {
    fn holds(&self, key: &Key) -> bool {
        shape_behind(key.bare(), self.mark).is_some_and(|shape| shape.meets(&self.shape))
    }

    fn head(&self) -> String {
        self.shape.head()
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// The keys of all calls of a function.
#[derive(Debug)]
struct Entries {
    id: String,
    function: &'static Function,
}

impl KeySet for Entries {
    fn holds(&self, key: &Key) -> bool {
        self.function.has(key.bare())
    }

    fn head(&self) -> String {
        self.function.key_head()
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// What is known of the rendering before a mark; `None` of a key that has not this one.
fn shape_behind(key: &str, mark: &str) -> Option<Pattern> {
    let rendering = key.strip_suffix(mark)?;
    Some(head(rendering).map_or_else(|| Pattern::of_text(rendering), Pattern::of_head))
}

impl Function {
    /// The shapes of its renderings, without their mark. Two where only a call tells whether the
    /// type of `self` is in the key.
    pub(super) fn patterns(&self) -> &[Pattern] {
        self.patterns.get_or_init(|| {
            if let Some(template) = self.declared.template {
                return vec![Pattern::of_template(template)];
            }
            let parts = self.declared.arguments.len();
            let with_type = usize::from(self.declared.self_type == SelfType::InKey);
            (parts..=parts + with_type).map(|parts| Pattern::of_path(self.path(), parts)).collect()
        })
    }

    /// Whether a text of this shape can be a rendering of the function's.
    pub(crate) fn renders(&self, shape: &Pattern) -> bool {
        self.patterns().iter().any(|pattern| pattern.meets(shape))
    }

    /// Whether `key` (without its prefix) can be one of the function's, a shortened one too: what
    /// is left of it tells as much as there is to tell.
    pub(crate) fn has(&self, key: &str) -> bool {
        shape_behind(key, self.mark()).is_some_and(|shape| self.renders(&shape))
    }

    /// The keys of all its calls.
    pub(crate) fn entries(&'static self) -> Keys {
        Arc::new(Entries { id: format!("entries {}", self.path()), function: self })
    }

    /// The keys of the calls that render so, with a star for what is left open.
    pub(crate) fn calls(&'static self, rendering: &str) -> Keys {
        let mark = self.mark();
        Arc::new(Calls {
            id: format!("calls {rendering}{mark}"),
            mark,
            shape: Pattern::of_holes(rendering),
        })
    }

    /// Whether some key can be that of both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.mark() == other.mark() && other.patterns().iter().any(|shape| self.renders(shape))
    }

    /// Whether the entries of both are the same ones: their templates differ in names alone.
    pub(super) fn shares_entries(&self, other: &Self) -> bool {
        let written = |function: &Self| function.declared.template.is_some();
        written(self)
            && written(other)
            && self.mark() == other.mark()
            && self.patterns() == other.patterns()
    }

    /// Whether its keys are of the members of a list.
    pub(super) fn is_batch(&self) -> bool {
        self.option("batch").is_some()
    }

    /// In which option it differs of those that must agree where the entries are the same ones: what is
    /// stored of an absent value, and what is left of a life says nothing without the windows.
    pub(super) fn differs_in(&self, other: &Self) -> Option<&'static str> {
        if self.option("none_ttl").is_some() != other.option("none_ttl").is_some() {
            return Some("none_ttl");
        }
        let mut windows = ["stale_while_revalidate", "stale_if_error"].into_iter();
        windows.find(|window| self.option(window) != other.option(window))
    }

    fn option(&self, name: &str) -> Option<&'static str> {
        let given = self.declared.options.iter().find(|(given, _)| *given == name);
        given.map(|(_, value)| *value)
    }

    /// What all of its keys begin with.
    fn key_head(&self) -> String {
        self.patterns().first().map(Pattern::head).unwrap_or_default()
    }
}
