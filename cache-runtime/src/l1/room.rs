//! How much memory what is kept takes: an estimate, meant to be no less than it is, as far as values
//! tell what they hold. The guide says where it can be less.

use super::kept::{Rare, Value};
use super::place::Texts;
use super::table::ENTRY;
use super::tags::Noted;

/// What a tag of an entry is counted as: what was noted of it, its count, and its name.
const TAG: usize = 192;
/// The counts before what an `Arc` holds.
const COUNTS: usize = 16;

/// How much memory a value takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Room {
    /// By its parts, which lie beside each other.
    pub(crate) itself: usize,
    /// What these own elsewhere: texts, lists, boxes.
    pub(crate) elsewhere: usize,
}

impl Room {
    /// What the entry of a value with this room is counted as.
    /// `texts` are those of its key, where no other entry has them.
    pub(super) fn of_entry(self, value: &Value, texts: Option<&Texts>, rare: Option<&Rare>) -> u32 {
        let itself = self.itself.max(size_of_val(&**value));
        let texts = texts.map_or(0, |texts| shared(size_of::<Texts>()) + block(texts.len()));
        let tags = rare.and_then(|rare| rare.noted.as_ref()).map_or(0, Noted::len) * TAG;
        let rare = rare.map_or(0, |_| shared(size_of::<Rare>()));
        let bytes = ENTRY + shared(itself) + texts + rare + tags;
        u32::try_from(bytes.saturating_add(self.elsewhere)).unwrap_or(u32::MAX)
    }
}

/// What is taken for a block of so many bytes: more by its length, and a multiple of 16.
pub(crate) fn block(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { bytes.saturating_add(8).next_multiple_of(16).max(32) }
}

/// The same of what an `Arc` holds.
fn shared(bytes: usize) -> usize {
    block(bytes.saturating_add(COUNTS))
}
