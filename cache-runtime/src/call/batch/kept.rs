//! What is kept of members in this process (`l1`).

use super::members::{Member, Members};
use crate::call::machine::Machine;
use crate::figures::counters::Outcome;
use crate::l1::{Missed, Room, Value};

impl Members {
    /// Hands what is kept of members in this process to `take`, which says whether it is of use.
    pub(super) fn take_kept(&mut self, take: &mut dyn FnMut(usize, Value) -> bool) {
        let Some(l1) = self.cache.l1().filter(|_| self.cache.flights().trusts_all()) else {
            return;
        };
        for (index, Member { machine: Machine { call, .. }, open, .. }) in
            self.all.iter_mut().enumerate()
        {
            let place = l1.place(call.key.whole());
            // Where it is early, the store is asked as well: windows are not for batches.
            let mut missed = Missed::Unasked;
            if call.reads_at_once()
                && let Some(value) = l1.look(&place, &call.tags(), &mut missed)
                && take(index, value)
            {
                call.record(Outcome::MemoryHit);
                *open = false;
            }
        }
    }

    /// Keeps what was decoded for a member in this process, if it may be.
    pub(super) fn keep(&mut self, index: usize, room: Room, keep: &dyn Fn() -> Value) {
        if let Some(member) = self.all.get_mut(index) {
            member.machine.keep(room, keep);
        }
    }
}
