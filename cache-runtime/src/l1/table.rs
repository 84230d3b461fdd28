//! What is kept: a map that is bounded in bytes, by the crate `quick_cache`.

use super::kept::Kept;
use super::place::{Known, Place, Texts};
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
    map: Cache<Slot, Kept, Bytes, Hashes, Evictions>,
    hashes: Hashes,
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
        Place { texts: self.texts.parts(), hash: self.texts.hash, number: self.number }
    }
}

impl Hash for Slot {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.place().hash(state);
    }
}

impl Hash for Place<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        write(state, self.hash, self.number);
    }
}

impl Hash for Known<'_> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        write(state, self.hash, self.number);
    }
}

#[inline]
fn write<H: Hasher>(state: &mut H, texts: u64, number: u64) {
    state.write_u128(u128::from(texts) << 64 | u128::from(number));
}

/// Hashes places.
#[derive(Clone)]
struct Hashes {
    of_texts: DefaultHashBuilder,
    /// Or who chooses the numbers could choose those that meet.
    seed: u64,
}

impl Hashes {
    fn new() -> Self {
        let of_texts = DefaultHashBuilder::default();
        Self { seed: of_texts.hash_one(0), of_texts }
    }
}

impl BuildHasher for Hashes {
    type Hasher = OfPlace;

    #[inline]
    fn build_hasher(&self) -> OfPlace {
        OfPlace(self.seed)
    }
}

/// Of the hash of the texts and of the number. Only the number is mixed: when the other is there, which is
/// found by way of several pointers, next to nothing is left to do.
struct OfPlace(u64);

impl Hasher for OfPlace {
    #[inline]
    fn write_u128(&mut self, place: u128) {
        let (texts, number) = ((place >> 64) as u64, place as u64);
        self.0 = texts ^ mixed(number ^ self.0);
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = mixed(u64::from(*byte) ^ self.0));
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Both halves of a product, in each bit of which all bits have a part.
#[inline]
fn mixed(number: u64) -> u64 {
    let product = u128::from(number) * 0x9e37_79b9_7f4a_7c15;
    (product >> 64) as u64 ^ product as u64
}

impl Equivalent<Slot> for Place<'_> {
    fn equivalent(&self, slot: &Slot) -> bool {
        slot.number == self.number && slot.texts.are_of(self)
    }
}

impl Equivalent<Slot> for Known<'_> {
    #[inline]
    fn equivalent(&self, slot: &Slot) -> bool {
        slot.number == self.number && Arc::ptr_eq(self.texts, &slot.texts)
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
        let hashes = Hashes::new();
        let options = options.build().ok()?;
        let map = Cache::with_options(options, Bytes, hashes.clone(), evictions.clone());
        Some(Self { map, hashes, evictions, capacity })
    }

    /// A hash of what is before a number and behind it.
    pub(super) fn hash(&self, before: &str, behind: &str) -> u64 {
        let mut state = self.hashes.of_texts.build_hasher();
        state.write(before.as_bytes());
        state.write(behind.as_bytes());
        state.finish()
    }

    pub(super) fn get(&self, place: &Place<'_>) -> Option<Kept> {
        self.map.get(place)
    }

    /// The same of what was inserted with the texts of that very function.
    #[inline]
    pub(super) fn get_known(&self, known: &Known<'_>) -> Option<Kept> {
        self.map.get(known)
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
