//! What is kept: a map that is bounded in bytes, by the crate `quick_cache`.

use super::kept::Kept;
use super::place::{Place, Said, Texts};
use crate::figures::measure;
use crate::sync::{AtomicU64, Ordering};
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Equivalent, Lifecycle, OptionsBuilder, Weighter};
use std::hash::{BuildHasher, Hash, Hasher};
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

/// How many bytes an entry is expected to have: no more than a hint.
const EXPECTED: u64 = 1024;
/// Of so many parts of the expected entries the place stays when they are gone, so that the map knows those
/// that are soon asked for again. The room for these is set aside.
const REMEMBERED: u64 = 2;

/// Parts for each processor.
const PER_PROCESSOR: usize = 16;
/// The least capacity of a part: what has more than it is not kept.
const LEAST_PART: u64 = 1 << 20;

/// What an entry takes there: its place and the links between places, half as many places again, since
/// there is room for up to twice as many, and the place of its place.
pub(super) const ENTRY: usize = (size_of::<(Slot, Kept)>() + 16) * 3 / 2 + 12;

pub(super) struct Table {
    map: Cache<Slot, Kept, Bytes, DefaultHashBuilder, Evictions>,
    hasher: DefaultHashBuilder,
    evictions: Evictions,
    capacity: u64,
}

/// A key, taken apart. What all keys of a function have is there once.
#[derive(Clone)]
struct Slot {
    texts: Arc<Texts>,
    number: u64,
    /// What the entry is counted as, in bytes.
    weight: u32,
}

impl Slot {
    fn place(&self) -> Place<'_> {
        let Self { texts, number, .. } = self;
        Place { number: *number, hash: texts.hash, texts: Said::Known(texts) }
    }
}

impl Hash for Slot {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.place().hash(state);
    }
}

impl Hash for Place<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
        state.write_u64(self.number);
    }
}

impl Equivalent<Slot> for Place<'_> {
    #[inline]
    fn equivalent(&self, slot: &Slot) -> bool {
        let is_known = |texts: &Arc<Texts>| Arc::ptr_eq(texts, &slot.texts);
        slot.number == self.number
            && (matches!(self.texts, Said::Known(texts) if is_known(texts)) || self.has_texts(slot))
    }
}

impl Place<'_> {
    #[inline(never)]
    fn has_texts(&self, slot: &Slot) -> bool {
        slot.texts.are_of(self)
    }
}

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        self.place().equivalent(other)
    }
}

impl Eq for Slot {}

/// What an entry is counted as.
#[derive(Clone)]
struct Bytes;

impl Weighter<Slot, Kept> for Bytes {
    fn weight(&self, slot: &Slot, _: &Kept) -> u64 {
        u64::from(slot.weight)
    }
}

/// Counts what had to make room.
#[derive(Clone, Default)]
struct Evictions(Arc<AtomicU64>);

impl Lifecycle<Slot, Kept> for Evictions {
    type RequestState = Vec<(Slot, Kept)>;

    fn on_evict(&self, evicted: &mut Vec<(Slot, Kept)>, key: Slot, kept: Kept) {
        self.0.fetch_add(1, Ordering::Relaxed);
        evicted.push((key, kept));
    }
}

/// What is no longer kept, and what is since. To be dropped when no lock is held: a value's `drop` is
/// the code of others, as is what is told of it.
#[must_use]
#[derive(Default)]
pub(super) struct Gone {
    entry: Option<(Slot, Kept)>,
    evicted: Vec<(Slot, Kept)>,
    /// The bytes of what was inserted, though it may be among those.
    inserted: Option<u32>,
}

impl Drop for Gone {
    fn drop(&mut self) {
        if let Some(bytes) = self.inserted {
            measure::l1_kept(bytes.into());
        }
        if let Some((slot, _)) = &self.entry {
            measure::l1_gone(1, slot.weight.into());
        }
        if !self.evicted.is_empty() {
            let count = self.evicted.len() as u64;
            let bytes = self.evicted.iter().map(|(slot, _)| u64::from(slot.weight)).sum();
            measure::l1_gone(count, bytes);
            measure::l1_evicted(count);
        }
    }
}

impl Gone {
    fn of(entry: Option<(Slot, Kept)>) -> Self {
        Self { entry, evicted: Vec::new(), inserted: None }
    }

    pub(super) fn was_there(&self) -> bool {
        self.entry.is_some()
    }
}

/// Into how many parts it falls, a power of two, each with a lock of its own. A look writes there, too,
/// and so waits for the processor that was there before it: the more parts, the more seldom.
fn parts(capacity: u64) -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let most = usize::try_from(capacity / LEAST_PART).unwrap_or(usize::MAX);
    1 << processors.saturating_mul(PER_PROCESSOR).min(most).max(1).ilog2()
}

impl Table {
    pub(super) fn new(capacity: u64) -> Option<Self> {
        let expected = capacity / EXPECTED;
        let items = usize::try_from(expected).unwrap_or(usize::MAX);
        let remembered = expected / REMEMBERED * ENTRY as u64;
        let mut options = OptionsBuilder::new();
        options.weight_capacity(capacity - remembered).estimated_items_capacity(items);
        options.ghost_allocation(1.0 / REMEMBERED as f64).shards(parts(capacity));
        let evictions = Evictions::default();
        let hasher = DefaultHashBuilder::default();
        let options = options.build().ok()?;
        let map = Cache::with_options(options, Bytes, hasher.clone(), evictions.clone());
        Some(Self { map, hasher, evictions, capacity })
    }

    /// A hash of what is before a number and behind it.
    pub(super) fn hash(&self, before: &str, behind: &str) -> u64 {
        let mut state = self.hasher.build_hasher();
        state.write(before.as_bytes());
        state.write(behind.as_bytes());
        state.finish()
    }

    #[inline]
    pub(super) fn get(&self, place: &Place<'_>) -> Option<Kept> {
        self.map.get(place)
    }

    /// At `place`, whose these `texts` are, counted as so many bytes.
    pub(super) fn insert(
        &self,
        place: &Place<'_>,
        texts: Arc<Texts>,
        weight: u32,
        kept: Kept,
    ) -> Gone {
        let mut gone = self.remove(place);
        let slot = Slot { texts, number: place.number, weight };
        gone.inserted = Some(weight);
        self.map.insert_with_lifecycle(slot, kept, &mut gone.evicted);
        gone
    }

    pub(super) fn remove(&self, place: &Place<'_>) -> Gone {
        Gone::of(self.map.remove(place))
    }

    /// Removes all that is there now and `matches`.
    pub(super) fn remove_matching(&self, matches: &dyn Fn(&Place<'_>) -> bool) {
        self.remove_if(|slot, _| matches(&slot.place())).for_each(drop);
    }

    /// Removes all that is there now and was read from a seat.
    pub(super) fn remove_of(&self, seat: u8) -> Vec<Gone> {
        self.remove_if(|_, kept| kept.until.seat() == seat).collect()
    }

    fn remove_if(&self, is: impl Fn(&Slot, &Kept) -> bool) -> impl Iterator<Item = Gone> {
        let those = self.map.iter().filter(move |(slot, kept)| is(slot, kept));
        those.map(|(slot, _)| self.remove(&slot.place()))
    }

    pub(super) fn len(&self) -> u64 {
        self.map.len() as u64
    }

    pub(super) fn bytes(&self) -> u64 {
        self.map.weight()
    }

    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    pub(super) fn evictions(&self) -> u64 {
        self.evictions.0.load(Ordering::Relaxed)
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        measure::l1_gone(self.len(), self.bytes());
    }
}
