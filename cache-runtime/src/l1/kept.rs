//! A value that is kept, without its type.

use super::tags::Noted;
use std::any::Any;
use std::sync::Arc;

/// A value without its type, to be shared by all threads.
pub(crate) type Value = Arc<dyn Any + Send + Sync>;

/// A value that is kept. Small, since each look copies it.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) value: Value,
    /// What most values have nothing of.
    pub(super) rare: Option<Arc<Rare>>,
    pub(super) until: Until,
}

pub(super) struct Rare {
    /// Of a value with tags.
    pub(super) noted: Option<Noted>,
    /// When its time to live ends, where it is to be refreshed before that.
    pub(super) end: u64,
}

/// Until when a value is served without more ado, by the coarse clock or the one that a test moves, and
/// whose connection has read it: that in the last byte, which of a time is a part of a microsecond.
#[derive(Debug, Clone, Copy)]
pub(super) struct Until(u64);

impl Until {
    const SEAT: u64 = u8::MAX as u64;

    pub(super) fn new(time: u64, seat: u8) -> Self {
        Self(time & !Self::SEAT | u64::from(seat))
    }

    #[inline]
    pub(super) fn time(self) -> u64 {
        self.0 & !Self::SEAT
    }

    #[inline]
    pub(super) fn seat(self) -> u8 {
        let [seat, ..] = self.0.to_le_bytes();
        seat
    }
}
