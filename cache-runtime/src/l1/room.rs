//! How much memory what is kept takes: an estimate, meant to be no less than it is, as far as values
//! tell what they hold. The guide says where it can be less.

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

/// What is taken for a block of so many bytes: more by its length, and a multiple of 16.
pub(crate) fn block(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { bytes.saturating_add(8).next_multiple_of(16).max(32) }
}

/// The same of what an `Arc` holds.
pub(super) fn shared(bytes: usize) -> usize {
    block(bytes.saturating_add(COUNTS))
}
