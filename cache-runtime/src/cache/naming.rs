//! What a person means by the text of a key, or of a pattern.
//!
//! That is what templates say, and not what Redis holds: there a mark of version and codec follows,
//! and a long key is shortened. So a text means the entries of every function that can render it.

use crate::cache::Cache;
use crate::function::Function;
use crate::function::registry::registry;
use crate::key::KeyWriter;
use crate::key::ending::{head, without_mark};
use crate::key::glob;
use crate::key::pattern::Pattern;
use crate::key::set::KeySet;
use crate::key::whole::Key;
use crate::sync::{Mutex, lock};
use std::collections::{BTreeSet, HashSet};

/// Texts that are said to name nothing; more are not told apart from these.
const MOST_SAID: usize = 100;

impl Cache {
    /// The keys that the text means which `render` writes, without the prefix. The text is one of
    /// them itself: functions of other programs may have it.
    pub(crate) fn keys_named(&self, render: impl FnOnce(&mut KeyWriter<'_>)) -> Vec<Key> {
        let mut key = self.settings().key("");
        render(&mut key);
        let shape = Pattern::of_text(key.rendering());
        let functions = &registry().functions;
        let of: Vec<_> = functions.iter().filter(|function| function.renders(&shape)).collect();
        if of.is_empty() && !functions.iter().any(|function| function.has(key.rendering())) {
            self.warn_of_unknown(key.rendering());
        }
        let marks: BTreeSet<_> = of.iter().map(|function| function.mark()).chain([""]).collect();
        key.finish_with(marks.into_iter())
    }

    /// Says once that `text` names no entry of this program, so that what it was to remove may be
    /// there still. Of the text no more is said than what templates begin with.
    pub(super) fn warn_of_unknown(&self, text: &str) {
        static SAID: Mutex<Option<HashSet<String>>> = Mutex::new(None);
        let begins = text.split_inclusive([':', '/', '|']).next().unwrap_or_default();
        let mut said = lock(&SAID);
        let said = said.get_or_insert_default();
        if said.len() < MOST_SAID && said.insert(begins.to_owned()) {
            tracing::warn!(
                target: "cache_runtime",
                prefix = &*self.settings().prefix,
                begins,
                "no cached function of this program has a key that was to be invalidated: it is \
                 misspelt, or another program's, whose entries with a version or a codec are not \
                 reached",
            );
        }
    }
}

/// A pattern as a person writes it, without the prefix.
#[derive(Debug)]
pub(crate) struct Named {
    glob: String,
    shape: Pattern,
    /// Which functions have entries that it names.
    functions: Vec<&'static Function>,
}

impl Named {
    pub(crate) fn new(glob: &str) -> Self {
        let shape = Pattern::of_glob(glob);
        let functions = registry().functions.iter().copied();
        let functions = functions.filter(|function| function.renders(&shape)).collect();
        Self { glob: glob.to_owned(), shape, functions }
    }

    /// Whether it names an entry of this program, by its text or by its whole key with the mark.
    pub(crate) fn is_known(&self) -> bool {
        let with_mark = |function: &&Function| {
            let rest = self.glob.strip_suffix(function.mark());
            rest.is_some_and(|rest| function.renders(&Pattern::of_glob(rest)))
        };
        !self.functions.is_empty() || registry().functions.iter().any(with_mark)
    }

    /// Whether a key that was shortened to `head` may have matched. What came behind it is not
    /// known, unless no function that can have written it goes on as the pattern does.
    fn may_name(&self, head: &str, key: &str) -> bool {
        if !self.shape.meets(&Pattern::of_head(head)) {
            return false;
        }
        let mut writers = registry().functions.iter().filter(|function| function.has(key));
        let of = |function: &Function| self.functions.iter().any(|f| std::ptr::eq(*f, function));
        match writers.next() {
            None => true, // another program's
            Some(first) => of(first) || writers.any(|function| of(function)),
        }
    }
}

impl KeySet for Named {
    fn holds(&self, key: &Key) -> bool {
        let matches = |text: &str| glob::matches(self.glob.as_bytes(), text.as_bytes());
        let unmarked = without_mark(key.bare()).unwrap_or(key.bare());
        matches(key.bare())
            || matches(unmarked)
            || head(unmarked).is_some_and(|head| self.may_name(head, key.bare()))
    }

    fn head(&self) -> String {
        self.shape.head()
    }

    fn id(&self) -> &str {
        &self.glob
    }
}
