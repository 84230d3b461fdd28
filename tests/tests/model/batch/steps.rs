//! What may happen to the callers, the leases and the key that is invalidated.

use super::{Bug, Keys, Model, NAMES, ORDERS, Phase, State, token};
use crate::explore::Steps;
use crate::redis::{Reply, Value};

/// The keys of a set, in the order in which a caller names them.
fn keys(i: usize, set: Keys) -> impl Iterator<Item = usize> {
    ORDERS[i].iter().copied().filter(move |key| set & (1 << key) != 0)
}

impl Model {
    pub(super) fn caller(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, c) = (NAMES[i], s.callers[i]);
        match c.phase {
            Phase::Idle => to.step(s, who, "begins", |n| {
                n.callers[i].must = n.records[0].returned;
                n.callers[i].phase = Phase::Asking(c.left);
            }),
            Phase::Asking(asked) => match keys(i, asked).next() {
                Some(key) => to.step(s, "redis", "answers who asks for a lease", |n| {
                    self.answer(n, i, key, asked & !(1 << key));
                }),
                None => to.step(s, who, "has all answers", |n| self.decide(n, i)),
            },
            Phase::Waiting => {
                to.step(s, who, "asks again for all at once", |n| {
                    n.callers[i].phase = Phase::Asking(c.left & !c.held);
                });
                if self.bounded {
                    to.step(s, who, "has waited long enough", |n| self.begin(n, i, c.left));
                }
            }
            Phase::Computing(keys, value) => {
                to.step(s, who, "ends its body", |n| {
                    n.callers[i].phase = Phase::Filling(keys, value);
                });
                if s.errors > 0 {
                    to.step(s, who, "fails, releases", |n| {
                        n.errors -= 1;
                        self.leave(n, i, Phase::Done);
                    });
                }
            }
            Phase::Filling(set, value) => match keys(i, set).next() {
                Some(key) => to.step(s, "redis", "carries out a fill", |n| {
                    self.fill(n, i, key, value);
                    n.callers[i].phase = Phase::Filling(set & !(1 << key), value);
                }),
                None => to.step(s, who, "has filled", |n| {
                    let done = n.callers[i].left == 0;
                    n.callers[i].phase = if done { Phase::Done } else { Phase::Waiting };
                }),
            },
            Phase::Done | Phase::Dead => {}
        }
    }

    /// Redis carries out an acquisition, and the caller hears of it.
    fn answer(&self, n: &mut State, i: usize, key: usize, asked: Keys) {
        let bit = 1 << key;
        match n.slots[key].acquire(token(i)) {
            Reply::Found(value) => {
                serve(n, i, key, value);
                n.callers[i].left &= !bit;
            }
            Reply::Ours => n.callers[i].held |= bit,
            Reply::Theirs => {}
        }
        n.callers[i].phase = Phase::Asking(asked);
    }

    fn decide(&self, n: &mut State, i: usize) {
        let c = n.callers[i];
        let waits = match self.bug {
            Bug::WaitsWhileHolding => c.held != c.left,
            _ => c.held == 0,
        };
        if c.left == 0 {
            n.callers[i].phase = Phase::Done;
        } else if waits {
            n.callers[i].phase = Phase::Waiting;
        } else {
            // The first body is for what it holds, the second one for all that is left.
            self.begin(n, i, if c.bodies == 0 { c.held } else { c.left });
        }
    }

    fn begin(&self, n: &mut State, i: usize, run: Keys) {
        let c = n.callers[i];
        let run = match self.bug {
            Bug::ComputesTwice if c.bodies > 0 => run | c.computed,
            _ => run,
        };
        n.twice |= run & c.computed != 0;
        for key in keys(i, run) {
            if c.held & (1 << key) == 0 {
                n.records[key].excuse(); // without the lease, since its wait is over
            }
            n.records[key].body();
        }
        n.callers[i].computed |= run;
        n.callers[i].bodies += 1;
        n.callers[i].phase = Phase::Computing(run, n.records[0].called);
    }

    fn fill(&self, n: &mut State, i: usize, key: usize, value: Value) {
        let bit = 1 << key;
        let leased = n.callers[i].held & bit != 0;
        let stores_anyway = match self.bug {
            Bug::FillsUnchecked => leased,
            Bug::StoresUnleased => !leased,
            _ => false,
        };
        if stores_anyway {
            n.slots[key].seize(token(i));
        }
        n.slots[key].fill(token(i), value);
        serve(n, i, key, value);
        n.callers[i].held &= !bit;
        n.callers[i].left &= !bit;
    }

    /// Ends a call before its end, and gives back what it holds.
    fn leave(&self, n: &mut State, i: usize, phase: Phase) {
        for key in keys(i, n.callers[i].left) {
            n.records[key].excuse();
        }
        if self.bug != Bug::KeepsLeases && phase != Phase::Dead {
            for key in keys(i, n.callers[i].held) {
                n.slots[key].release(token(i));
            }
        }
        n.callers[i].phase = phase;
    }

    pub(super) fn trouble(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let who = NAMES[i];
        if matches!(s.callers[i].phase, Phase::Idle | Phase::Done | Phase::Dead) {
            return;
        }
        if s.drops > 0 {
            to.step(s, who, "is dropped", |n| {
                n.drops -= 1;
                self.leave(n, i, Phase::Done);
            });
        }
        if s.crashes > 0 {
            to.step(s, who, "is killed", |n| {
                n.crashes -= 1;
                self.leave(n, i, Phase::Dead);
            });
        }
    }

    pub(super) fn invalidator(&self, s: &State, to: &mut Steps<State>) {
        let bit = s.records[0].called + 1; // the next bit of a mask that is all ones
        if s.sent && !s.carried_out {
            to.step(s, "redis", "carries out the invalidation", |n| {
                n.slots[0].invalidate();
                n.carried_out = true;
            });
        } else if s.sent {
            to.step(s, "writer", "hears that it is invalidated", |n| {
                n.records[0].returned = n.records[0].called;
                n.sent = false;
                n.carried_out = false;
            });
        } else if u32::from(self.invalidations) > s.records[0].called.count_ones() {
            to.step(s, "writer", "calls invalidate", |n| {
                n.records[0].called |= bit;
                n.records[0].excuse();
                n.sent = true;
            });
        }
    }

    /// Leases are renewed while their holder lives, and so end only when it does not.
    pub(super) fn expiry(&self, s: &State, to: &mut Steps<State>) {
        for (key, slot) in s.slots.iter().enumerate() {
            let Some(holder) = slot.lease else { continue };
            if s.callers[usize::from(holder)].phase == Phase::Dead {
                to.step(s, "redis", "expires the lease of a dead holder", |n| {
                    n.slots[key].lease = None;
                });
            }
        }
    }
}

/// Only the first key is invalidated: of the other one any value is good.
fn serve(n: &mut State, i: usize, key: usize, value: Value) {
    if key == 0 {
        n.records[0].serve(n.callers[i].must, value);
    }
}
