//! How often keys were heard of. A read notes the count of its key before it is sent, and keeps
//! what it brings only if the count is the same: else a push or an invalidation came in between,
//! and what was read may be what it was about.
//!
//! Keys share counts, a fixed number of them. One too many keeps nothing once, and no more.

use crate::sync::{Mutex, lock};

const STRIPES: usize = 256;

#[derive(Debug)]
pub(super) struct Stripes(Box<[Mutex<u64>]>);

/// What a read noted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    hash: u64,
    count: u64,
}

impl Default for Stripes {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Mutex::new(0)).collect())
    }
}

impl Stripes {
    fn of(&self, hash: u64) -> Option<&Mutex<u64>> {
        self.0.get(usize::try_from(hash % STRIPES as u64).unwrap_or(0))
    }

    /// What the key with this hash counts now.
    pub(super) fn ticket(&self, hash: u64) -> Ticket {
        Ticket { hash, count: self.of(hash).map_or(0, |count| *lock(count)) }
    }

    /// Whether the key was not counted since.
    pub(super) fn is_current(&self, ticket: Ticket) -> bool {
        self.ticket(ticket.hash).count == ticket.count
    }

    /// Counts the key with this hash, and does `remove` in the same step.
    pub(super) fn count<T>(&self, hash: u64, remove: impl FnOnce() -> T) -> Option<T> {
        let mut count = lock(self.of(hash)?);
        *count += 1;
        Some(remove())
    }

    /// Counts every key there may be. What was noted before keeps nothing any more once this
    /// returns; what it has kept is there to be removed.
    pub(super) fn count_all(&self) {
        for count in &self.0 {
            *lock(count) += 1;
        }
    }

    /// Does `insert` if the key was not counted since; the two are one step.
    pub(super) fn unless_counted<T>(
        &self,
        ticket: Ticket,
        insert: impl FnOnce() -> T,
    ) -> Option<T> {
        let count = lock(self.of(ticket.hash)?);
        (*count == ticket.count).then(insert)
    }
}
