//! Invalidations that are kept until something larger than one writer has ended: the state. What
//! fills and sends them is in `write/defer`.

use super::Cache;
use crate::flight::journal::MOST_SETS;
use crate::key::set::Keys;
use crate::key::whole::Key;
use crate::sync::{self, Mutex, MutexGuard};
use std::collections::HashSet;

/// The keys of one cache.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) cache: Cache,
    pub(crate) keys: Vec<Key>,
    /// Those of patterns, beside them.
    pub(crate) sets: Vec<Keys>,
    /// Tags whose entries become stale.
    pub(crate) soft: Vec<Key>,
    /// There are more than are kept apart: all keys of the cache.
    pub(crate) everything: bool,
}

impl Group {
    /// Nothing yet, of `cache`.
    pub(crate) fn of(cache: Cache) -> Self {
        Self { cache, keys: Vec::new(), sets: Vec::new(), soft: Vec::new(), everything: false }
    }
}

/// Keys that are kept apart; beyond them it is all keys of their cache.
const MOST_KEYS: usize = 10_000;

/// What the writers inside have changed, each key once.
#[derive(Debug, Default)]
pub(crate) struct Deferred(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    cache: Cache,
    keys: HashSet<Key>,
    sets: Vec<Keys>,
    soft: HashSet<Key>,
    everything: bool,
}

impl Kept {
    fn keep(&mut self, group: Group) {
        self.everything |= group.everything;
        for (kept, keys) in [(&mut self.keys, group.keys), (&mut self.soft, group.soft)] {
            for key in keys {
                if kept.len() < MOST_KEYS || kept.contains(&key) {
                    kept.insert(key);
                } else {
                    self.everything = true;
                }
            }
        }
        for set in group.sets {
            if self.sets.contains(&set) {
                continue;
            }
            self.everything |= self.sets.len() >= MOST_SETS;
            if !self.everything {
                self.sets.push(set);
            }
        }
    }
}

impl Deferred {
    pub(crate) fn keep(&self, groups: Vec<Group>) {
        let mut all = self.lock();
        for group in groups {
            if let Some(kept) = all.iter_mut().find(|kept| kept.cache.is(&group.cache)) {
                kept.keep(group);
            } else {
                let cache = group.cache.clone();
                let (keys, soft, sets) = (HashSet::new(), HashSet::new(), Vec::new());
                let mut kept = Kept { cache, keys, sets, soft, everything: false };
                kept.keep(group);
                all.push(kept);
            }
        }
    }

    pub(crate) fn take(&self) -> Vec<Group> {
        let kept = std::mem::take(&mut *self.lock());
        let group = |Kept { cache, keys, sets, soft, everything }: Kept| Group {
            cache,
            keys: keys.into_iter().collect(),
            sets,
            soft: soft.into_iter().collect(),
            everything,
        };
        kept.into_iter().map(group).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        sync::lock(&self.0)
    }
}
