//! How often tags were heard of. A read of a value with tags notes the counts of these before it is
//! sent, and what it brings is served for as long as they are the same. So a push of a tag is one
//! addition, however many values have it.
//!
//! Where tags are not read in one message with their value, what is known of them rests on a seat of
//! their own (`lines`): on how often that had lost what was read from it.
//!
//! A count is there for as long as a value is kept that noted it.

use super::lines::{Line, Lines};
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

/// What a read noted of its tags.
#[derive(Debug, Default, Clone)]
pub(crate) struct Noted {
    /// Those of the call.
    tags: Tags,
    /// What these and those that the value says counted.
    counts: Vec<(Arc<AtomicU64>, u64)>,
    /// From where tags were read apart from the value, and how often that had lost what was read.
    seats: Vec<(u8, u64)>,
}

impl TagCounts {
    /// What `tags` count now.
    fn now(&self, tags: &[Key]) -> Vec<(Arc<AtomicU64>, u64)> {
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
        tags.iter().map(note).collect()
    }

    /// What is to be known of the tags of a call that are read together with its value.
    pub(super) fn note(&self, tags: &Tags) -> Noted {
        Noted { counts: self.now(tags), ..Noted::of(tags) }
    }

    /// What is to be known of tags that are about to be read apart from their value, by `line`, if
    /// that is in use.
    pub(super) fn note_apart(&self, tags: &[Key], line: Line, lines: &Lines) -> Option<Noted> {
        // In this order: a loss of the line that is not seen there has not been counted yet.
        let seats = vec![(line.seat, lines.losses(line.seat))];
        let noted = Noted { counts: self.now(tags), seats, ..Noted::default() };
        lines.is_current(line).then_some(noted)
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
    /// Of a call with these tags, nothing of which is noted yet.
    pub(crate) fn of(tags: &Tags) -> Self {
        Self { tags: tags.clone(), ..Self::default() }
    }

    /// And what was noted of others.
    pub(crate) fn add(&mut self, other: Self) {
        self.counts.extend(other.counts);
        for seat in other.seats {
            if !self.seats.contains(&seat) {
                self.seats.push(seat);
            }
        }
    }

    pub(super) fn is_of(&self, tags: &Tags) -> bool {
        self.tags == *tags
    }

    /// Whether none of the tags was heard of since, and nothing lost that was read with them.
    pub(super) fn is_current(&self, lines: &Lines) -> bool {
        self.counts.iter().all(|(count, then)| count.load(Ordering::Acquire) == *then)
            && self.seats.iter().all(|(seat, then)| lines.losses(*seat) == *then)
    }

    /// Until when something vouches for what was read of tags apart from the value.
    pub(super) fn vouched_until(&self, lines: &Lines) -> u64 {
        let seats = self.seats.iter().map(|(seat, _)| lines.vouched_until(*seat));
        seats.min().unwrap_or(u64::MAX)
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
        let (counts, lines) = (TagCounts::default(), Lines::default());
        let (both, one) = (tags(&["a", "b"]), tags(&["a"]));
        let (of_both, of_one) = (counts.note(&both), counts.note(&one));
        counts.count("p:~tag:c");
        counts.count("p:a");
        assert!(of_both.is_of(&both) && of_one.is_of(&one) && !of_both.is_of(&one));
        assert!(of_both.is_current(&lines) && of_one.is_current(&lines));
        counts.count("p:~tag:b");
        assert!(!of_both.is_current(&lines) && of_one.is_current(&lines));
        counts.count_matching(&|tag| tag.tag() == Some("a"));
        assert!(!of_one.is_current(&lines) && counts.note(&both).is_current(&lines));
    }

    #[test]
    fn what_was_noted_of_tags_read_apart_ends_with_their_seats() {
        let (counts, lines) = (TagCounts::default(), Lines::default());
        let seats = [(); 2].map(|()| lines.take().unwrap());
        let [one, other] = seats.map(|seat| lines.next(seat));
        let (call, own) = (tags(&["a"]).and_own(), tags(&["b", "c"]));
        let mut noted = Noted::of(&call);
        for (tag, line) in [(&call[..], one), (&own[..1], other), (&own[1..], other)] {
            lines.open(line, || {});
            lines.vouch(line, u64::from(line.seat) + 7);
            noted.add(counts.note_apart(tag, line, &lines).unwrap());
        }
        assert!(noted.is_of(&call) && !noted.is_of(&tags(&["a"])) && noted.seats.len() == 2);
        assert!(noted.is_current(&lines) && noted.len() == 3);
        assert_eq!(noted.vouched_until(&lines), 7, "the first of them that ends");
        let other_seat = counts.note_apart(&own, other, &lines).unwrap();
        lines.count_loss(one.seat);
        assert!(!noted.is_current(&lines) && other_seat.is_current(&lines));
        counts.count("p:~tag:c");
        assert!(!other_seat.is_current(&lines));
        lines.close(one, || {});
        assert!(counts.note_apart(&own, one, &lines).is_none(), "nobody would hear of them");
    }

    #[test]
    fn counts_that_nobody_noted_go() {
        let counts = TagCounts::default();
        let (kept, lines) = (tags(&["kept"]), Lines::default());
        let noted = counts.note(&kept);
        for n in 0..10 * FEW {
            drop(counts.note(&tags(&[&n.to_string()])));
        }
        assert!(lock(&counts.0).counts.len() <= 2 * FEW);
        counts.count("p:~tag:kept");
        assert!(!noted.is_current(&lines));
    }
}
