//! The log of invalidated tags, for what has tags that are known only when it has been computed
//! (`tags_with`): whether one of them was invalidated while it was.
//!
//! It numbers invalidations, and keeps for each tag the number of its last one, of the last
//! [`MOST`] alone. Who is about to compute marks the place; who has computed asks whether one of
//! its tags stands behind that. What cannot be known any more counts as invalidated: a log that
//! was lost has another epoch. Nothing is logged before the first mark, so that a cache without
//! such functions pays nothing; who begins after an invalidation was logged nowhere has begun
//! after it. `tests/tests/model/own_tags` shows what each of these rules is for.

use crate::key::whole::Key;
use std::collections::{BTreeMap, HashMap};

/// How many invalidations are remembered.
pub(crate) const MOST: u64 = 10_000;
/// As many bits as any server's doubles keep, whichever way it writes them.
const EPOCH: u64 = (1 << 48) - 1;

/// A place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Which log it is a place in.
    pub(crate) epoch: u64,
    /// How many invalidations were before it.
    pub(crate) number: u64,
    /// By which connection it was read: another one may lead to a server that has lost what was
    /// logged last, and counts on from there.
    pub(crate) generation: u64,
}

/// The epoch of a new log. `None` where the system has no entropy.
pub(crate) fn new_epoch() -> Option<u64> {
    Some((getrandom::u64().ok()? & EPOCH) | 1)
}

/// A log in this process.
#[derive(Debug)]
pub(crate) struct Log {
    epoch: u64,
    number: u64,
    last: HashMap<Key, u64>,
    by_number: BTreeMap<u64, Key>,
}

impl Log {
    pub(crate) fn new(epoch: u64) -> Self {
        Self { epoch, number: 0, last: HashMap::new(), by_number: BTreeMap::new() }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { epoch: self.epoch, number: self.number, generation: 0 }
    }

    /// This tag is about to be invalidated.
    pub(crate) fn add(&mut self, tag: &Key) {
        self.number += 1;
        if let Some(before) = self.last.insert(tag.clone(), self.number) {
            self.by_number.remove(&before);
        }
        self.by_number.insert(self.number, tag.clone());
        while let Some(first) = self.by_number.first_entry()
            && *first.key() + MOST <= self.number
        {
            self.last.remove(&first.remove());
        }
    }

    /// Whether it is known that none of `tags` was invalidated since `mark`.
    pub(crate) fn is_none_since(&self, mark: &Mark, tags: &[Key]) -> bool {
        self.epoch == mark.epoch
            && self.number.saturating_sub(mark.number) <= MOST
            && tags.iter().all(|tag| self.last.get(tag).is_none_or(|at| *at <= mark.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_of_numbers_that_no_server_rounds() {
        let epoch = new_epoch().unwrap();
        assert!((1..=EPOCH).contains(&epoch) && epoch != new_epoch().unwrap());
    }

    #[test]
    fn a_log_forgets_what_is_long_ago_and_says_so() {
        let (mut log, tag) = (Log::new(7), |n: u64| Key::new("p", &format!("~tag:{n}")));
        let mark = log.mark();
        (0..=MOST).for_each(|n| log.add(&tag(n)));
        assert_eq!((log.last.len() as u64, log.by_number.len() as u64), (MOST, MOST));
        assert!(!log.is_none_since(&mark, &[tag(MOST + 7)]), "it may have been, before the first");
        let mark = log.mark();
        assert!(log.is_none_since(&mark, &[tag(3)]));
        (0..MOST).for_each(|_| log.add(&tag(5)));
        assert!(log.is_none_since(&mark, &[tag(3)]) && !log.is_none_since(&mark, &[tag(5)]));
        assert_eq!(log.last.len(), 1);
    }
}
