//! Invalidation on a cluster: value and lease of a key are removed by two commands, since a script
//! with both is not run while their slot is moved. In one message they go in its order; where
//! either is sent on to another node, in any.

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G3, Record, Reply, Slot, Value};

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Removal {
    Lease,
    Value,
}
use Removal::{Lease, Value as OfValue};

struct Model {
    /// What is removed, one after the other; those of a group in any order.
    groups: &'static [&'static [Removal]],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Computing(Value),
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    slot: Slot,
    callers: [(Phase, u8); 3],
    record: Record,
    /// The group, and which of it are done.
    at: (usize, [bool; 2]),
}

const NAMES: [&str; 3] = ["caller a", "caller b", "caller c"];

impl Model {
    fn caller(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, (phase, must), token) = (NAMES[i], s.callers[i], i as u8);
        match phase {
            Phase::Idle => to.step(s, who, "asks for the lease", |n| {
                let must = n.record.returned;
                let next = match n.slot.acquire(token) {
                    Reply::Found(value) => {
                        n.record.serve(must, value);
                        Phase::Done
                    }
                    Reply::Ours => Phase::Computing(n.record.called),
                    Reply::Theirs => Phase::Idle,
                };
                n.callers[i] = (next, must);
            }),
            Phase::Computing(value) => to.step(s, who, "fills", |n| {
                n.slot.fill(token, value);
                n.record.serve(must, value);
                n.callers[i] = (Phase::Done, must);
            }),
            Phase::Done => {}
        }
    }

    fn writer(&self, s: &State, to: &mut Steps<State>) {
        if s.record.called == 0 {
            to.step(s, "writer", "calls invalidate", |n| n.record.called = 1);
            return;
        }
        let Some(group) = self.groups.get(s.at.0) else {
            if s.record.returned == 0 {
                to.step(s, "writer", "hears that both are removed", |n| n.record.returned = 1);
            }
            return;
        };
        for (place, removal) in group.iter().enumerate().filter(|(place, _)| !s.at.1[*place]) {
            let what = match removal {
                Lease => "removes the lease",
                OfValue => "removes the value",
            };
            to.step(s, "redis", what, |n| {
                match removal {
                    Lease => n.slot.lease = None,
                    OfValue => n.slot.value = None,
                }
                n.at.1[place] = true;
                if n.at.1.iter().filter(|done| **done).count() == group.len() {
                    n.at = (n.at.0 + 1, [false; 2]);
                }
            });
        }
    }
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State {
            slot: Slot::default(),
            callers: [(Phase::Idle, 0); 3],
            record: Record::default(),
            at: (0, [false; 2]),
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for i in 0..s.callers.len() {
            self.caller(s, i, to);
        }
        if s.slot.lease.is_some() {
            to.step(s, "redis", "expires the lease", |n| n.slot.lease = None);
        }
        if s.slot.value.is_some() {
            to.step(s, "redis", "expires the value", |n| n.slot.value = None);
        }
        self.writer(s, to);
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.record.broken
    }

    fn settled(&self, s: &State) -> bool {
        s.callers.iter().all(|c| c.0 == Phase::Done)
    }
}

#[test]
fn the_lease_goes_first() {
    holds("lease, then value", &Model { groups: &[&[Lease], &[OfValue]] });
    let groups: &[&[Removal]] = const { &[&[Lease, OfValue], &[Lease], &[OfValue]] };
    holds("in any order, and then once more in this one", &Model { groups });
}

#[test]
fn every_other_order_lets_a_stale_fill_through() {
    let breaks = |name, groups| breaks(name, &Model { groups }, G3);
    breaks("value, then lease", &[&[OfValue], &[Lease]]);
    breaks("in any order", &[&[Lease, OfValue]]);
    breaks("the value alone", &[&[OfValue]]);
    breaks("in any order, and only the lease once more", &[&[Lease, OfValue], &[Lease]]);
}
