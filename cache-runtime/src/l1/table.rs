//! What is kept: a map that is bounded in bytes, by the crate `quick_cache`.

use super::kept::Kept;
use crate::key::whole::Key;
use crate::sync::{AtomicU64, Ordering};
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};
use std::sync::Arc;

/// How many bytes an entry is expected to have: no more than a hint.
const EXPECTED: u64 = 512;

pub(super) struct Table {
    map: Cache<Key, Kept, Bytes, DefaultHashBuilder, Evictions>,
    evictions: Evictions,
}

/// What an entry is counted as.
#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Kept> for Bytes {
    fn weight(&self, _: &Key, kept: &Kept) -> u64 {
        u64::from(kept.weight)
    }
}

/// Counts what had to make room.
#[derive(Clone, Default)]
struct Evictions(Arc<AtomicU64>);

impl Lifecycle<Key, Kept> for Evictions {
    type RequestState = Vec<(Key, Kept)>;

    fn on_evict(&self, evicted: &mut Vec<(Key, Kept)>, key: Key, kept: Kept) {
        self.0.fetch_add(1, Ordering::Relaxed);
        evicted.push((key, kept));
    }
}

/// What is no longer kept. To be dropped when no lock is held: a value's `drop` is the code of others.
#[must_use]
#[derive(Default)]
pub(super) struct Gone {
    entry: Option<(Key, Kept)>,
    evicted: Vec<(Key, Kept)>,
}

impl Gone {
    pub(super) fn was_there(&self) -> bool {
        self.entry.is_some()
    }
}

impl Table {
    pub(super) fn new(capacity: u64) -> Option<Self> {
        let items = usize::try_from(capacity / EXPECTED).unwrap_or(usize::MAX);
        let mut options = OptionsBuilder::new();
        options.weight_capacity(capacity).estimated_items_capacity(items);
        let evictions = Evictions::default();
        let hasher = DefaultHashBuilder::default();
        let map = Cache::with_options(options.build().ok()?, Bytes, hasher, evictions.clone());
        Some(Self { map, evictions })
    }

    #[inline]
    pub(super) fn get(&self, key: &str) -> Option<Kept> {
        self.map.get(key)
    }

    pub(super) fn insert(&self, key: Key, kept: Kept) -> Gone {
        let mut gone = self.remove(key.whole());
        self.map.insert_with_lifecycle(key, kept, &mut gone.evicted);
        gone
    }

    pub(super) fn remove(&self, key: &str) -> Gone {
        Gone { entry: self.map.remove(key), ..Gone::default() }
    }

    /// Removes all that is there now and `matches`.
    pub(super) fn remove_matching(&self, matches: &dyn Fn(&Key) -> bool) {
        for (key, _) in self.map.iter().filter(|(key, _)| matches(key)) {
            drop(self.remove(key.whole()));
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.map.len() as u64
    }

    pub(super) fn bytes(&self) -> u64 {
        self.map.weight()
    }

    pub(super) fn capacity(&self) -> u64 {
        self.map.capacity()
    }

    pub(super) fn evictions(&self) -> u64 {
        self.evictions.0.load(Ordering::Relaxed)
    }
}
