//! How often tags were heard of. A read of a value with tags notes the counts of these before it is
//! sent, and what it brings is served for as long as they are the same. So a push of a tag is one
//! addition, however many values have it.
//!
//! A count is there for as long as a value is kept that noted it.

use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::sync::{AtomicU64, Mutex, Ordering, lock};
use std::collections::HashMap;
use std::sync::{Arc, Weak};

/// Fewer counts than this are not looked through for those that nobody needs.
const FEW: usize = 64;

#[derive(Debug, Default)]
pub(super) struct TagCounts(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    counts: HashMap<Key, Weak<AtomicU64>>,
    /// At how many those are looked for that nobody needs.
    full: usize,
}

/// What a read noted of its tags, in their order.
#[derive(Debug)]
pub(crate) struct Noted {
    tags: Tags,
    counts: Box<[(Arc<AtomicU64>, u64)]>,
}

impl TagCounts {
    /// What `tags` count now.
    pub(super) fn note(&self, tags: &Tags) -> Noted {
        let Counts { counts, full } = &mut *lock(&self.0);
        if counts.len() >= (*full).max(FEW) {
            counts.retain(|_, count| count.strong_count() > 0);
            *full = 2 * counts.len();
        }
        let note = |tag: &Key| {
            let count = counts.get(tag).and_then(Weak::upgrade).unwrap_or_else(|| {
                let count = Arc::default();
                counts.insert(tag.clone(), Arc::downgrade(&count));
                count
            });
            let now = count.load(Ordering::Acquire);
            (count, now)
        };
        Noted { counts: tags.iter().map(note).collect(), tags: tags.clone() }
    }

    /// The tag whose key this is was heard of, if it is one.
    pub(super) fn count(&self, key: &str) {
        let count = lock(&self.0).counts.get(key).and_then(Weak::upgrade);
        if let Some(count) = count {
            count.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// The same of all that `matches` says.
    pub(super) fn count_matching(&self, matches: &dyn Fn(&Key) -> bool) {
        let counts = &lock(&self.0).counts;
        for count in counts.iter().filter(|(tag, _)| matches(tag)).filter_map(|(_, c)| c.upgrade())
        {
            count.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl Noted {
    pub(super) fn is_of(&self, tags: &Tags) -> bool {
        self.tags == *tags
    }

    /// Whether none of the tags was heard of since.
    pub(super) fn is_current(&self) -> bool {
        self.counts.iter().all(|(count, then)| count.load(Ordering::Acquire) == *then)
    }

    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(names: &[&str]) -> Tags {
        names.iter().map(|name| Key::new("p", &format!("~tag:{name}"))).collect::<Vec<_>>().into()
    }

    #[test]
    fn what_was_noted_holds_until_a_tag_is_heard_of() {
        let counts = TagCounts::default();
        let (both, one) = (tags(&["a", "b"]), tags(&["a"]));
        let (of_both, of_one) = (counts.note(&both), counts.note(&one));
        counts.count("p:~tag:c");
        counts.count("p:a");
        assert!(of_both.is_of(&both) && of_one.is_of(&one) && !of_both.is_of(&one));
        assert!(of_both.is_current() && of_one.is_current());
        counts.count("p:~tag:b");
        assert!(!of_both.is_current() && of_one.is_current());
        counts.count_matching(&|tag| tag.tag() == Some("a"));
        assert!(!of_one.is_current() && counts.note(&both).is_current());
    }

    #[test]
    fn counts_that_nobody_noted_go() {
        let counts = TagCounts::default();
        let kept = tags(&["kept"]);
        let noted = counts.note(&kept);
        for n in 0..10 * FEW {
            drop(counts.note(&tags(&[&n.to_string()])));
        }
        assert!(lock(&counts.0).counts.len() <= 2 * FEW);
        counts.count("p:~tag:kept");
        assert!(!noted.is_current());
    }
}
