//! A value that is kept, without its type.

use super::tags::Noted;
use std::any::Any;
use std::sync::Arc;

/// A value without its type, to be shared by all threads.
pub(crate) type Value = Arc<dyn Any + Send + Sync>;

/// A value that is kept. Small, since each look copies it, under a lock.
#[derive(Clone)]
pub(super) struct Kept {
    /// Of the few that have more to them a [`Rare`], as `until` says.
    pub(super) value: Value,
    pub(super) until: Until,
}

/// What most values have nothing of, with the value.
pub(super) struct Rare {
    /// Of a value with tags.
    pub(super) noted: Option<Noted>,
    /// When its time to live ends, where it is to be refreshed before that.
    pub(super) end: u64,
    pub(super) value: Value,
}

impl Kept {
    pub(super) fn new(value: Value, rare: Option<Rare>, until: Until) -> Self {
        match rare {
            None => Self { value, until },
            Some(rare) => Self { value: Arc::new(rare), until: Until(until.0 | Until::RARE) },
        }
    }

    pub(super) fn rare(&self) -> Option<&Rare> {
        self.until.is_rare().then(|| self.value.downcast_ref()).flatten()
    }
}

/// Until when a value is served without more ado, by the coarse clock or the one that a test moves, and
/// whose connection has read it, in the last byte, and whether it is rare, in the bit before: of a time these
/// are a part of a microsecond.
#[derive(Debug, Clone, Copy)]
pub(super) struct Until(u64);

impl Until {
    const SEAT: u64 = u8::MAX as u64;
    const RARE: u64 = Self::SEAT + 1;

    pub(super) fn new(time: u64, seat: u8) -> Self {
        Self(time & !(Self::RARE | Self::SEAT) | u64::from(seat))
    }

    #[inline]
    pub(super) fn is_rare(self) -> bool {
        self.0 & Self::RARE != 0
    }

    #[inline]
    pub(super) fn time(self) -> u64 {
        self.0 & !(Self::RARE | Self::SEAT)
    }

    #[inline]
    pub(super) fn seat(self) -> u8 {
        let [seat, ..] = self.0.to_le_bytes();
        seat
    }
}
