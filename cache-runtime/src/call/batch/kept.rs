//! What is kept of members in this process (`l1`).

use super::members::{Member, Members};
use crate::call::machine::Machine;
use crate::figures::counters::Outcome;
use crate::l1::{Look, Room, Value};

impl Members {
    /// Hands what is kept of members in this process to `take`, which says whether it is of use.
    pub(super) fn take_kept(&mut self, take: &mut dyn FnMut(usize, Value) -> bool) {
        let Some(l1) = self.cache.l1().filter(|_| self.cache.flights().trusts_all()) else {
            return;
        };
        for (index, Member { machine: Machine { call, .. }, open, .. }) in
            self.all.iter_mut().enumerate()
        {
            if call.reads_at_once()
                && let Look::Kept(value) = l1.look(&l1.place(call.key.whole()), &call.tags())
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
