//! A value that is kept, without its type.

use super::tags::Noted;
use std::any::Any;
use std::sync::Arc;

/// A value without its type, to be shared by all threads.
pub(crate) type Value = Arc<dyn Any + Send + Sync>;

/// A value that is kept.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) value: Value,
    /// Of a value with tags.
    pub(super) noted: Option<Arc<Noted>>,
    /// When its time to live ends, and when it is to be refreshed before that; by the coarse clock,
    /// or the one that a test moves.
    pub(super) end: u64,
    pub(super) early: u64,
    /// What it is counted as, in bytes.
    #[cfg_attr(not(feature = "l1"), expect(dead_code, reason = "the table counts"))]
    pub(super) weight: u32,
    /// Whose connection has read it.
    pub(super) seat: u8,
}
