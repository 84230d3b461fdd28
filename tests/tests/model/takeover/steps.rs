//! What may happen to the callers, the messages, and the lease's key.

use super::{Bug, Lease, Model, NAMES, PROCESS, Phase, State};
use crate::explore::Steps;
use crate::redis::Token;

impl Model {
    pub(super) fn caller(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, c, process) = (NAMES[i], s.callers[i], PROCESS[i]);
        match c.phase {
            Phase::Idle if process == 0 && s.alone => {
                to.step(s, who, "begins, leaves the key alone, computes", |n| {
                    n.callers[i].must = n.record.returned;
                    n.record.excuse();
                    n.callers[i].phase = Phase::Computing(false, n.record.body());
                });
            }
            Phase::Idle => to.step(s, who, "begins, asks for the lease", |n| {
                n.callers[i].must = n.record.returned;
                n.callers[i].phase = Phase::Asking;
            }),
            Phase::Asking => {
                to.step(s, "redis", "carries out and answers the acquisition", |n| {
                    self.acquire(n, i);
                });
                if s.losses > 0 {
                    for arrives in [true, false] {
                        let what = if arrives {
                            "loses its connection, the answer is lost"
                        } else {
                            "loses its connection, the acquisition is still on its way"
                        };
                        to.step(s, who, what, |n| {
                            n.losses -= 1;
                            if arrives {
                                self.arrive(n, i);
                            }
                            n.callers[i].stray_acquire = !arrives;
                            n.left[process] |= 1 << i;
                            n.record.excuse();
                            n.callers[i].phase = Phase::Computing(false, n.record.body());
                        });
                    }
                }
            }
            Phase::Looked => {
                to.step(s, "redis", "carries out the taking of what was no lease", |n| {
                    n.lease = Lease::Token(i as Token);
                    n.callers[i].phase = Phase::Computing(true, n.record.body());
                });
            }
            Phase::Waiting => to.step(s, who, "asks again", |n| n.callers[i].phase = Phase::Asking),
            Phase::Computing(leased, value) => {
                let stores = leased || self.bug == Bug::StoresUnleased;
                to.step(s, who, "ends its body", |n| {
                    n.record.serve(c.must, value);
                    n.callers[i].phase =
                        if stores { Phase::Filling(leased, value) } else { Phase::Done };
                });
                if leased {
                    self.trouble(s, i, to);
                }
            }
            Phase::Filling(leased, value) => {
                to.step(s, "redis", "carries out and answers the fill", |n| {
                    if !leased || n.lease == Lease::Token(i as Token) {
                        (n.value, n.lease) = (Some(value), Lease::None);
                    }
                    n.callers[i].phase = Phase::Done;
                });
                if s.losses > 0 {
                    to.step(s, who, "loses its connection, the fill is still on its way", |n| {
                        n.losses -= 1;
                        n.record.excuse();
                        n.left[process] |= 1 << i;
                        n.callers[i].stray_fill = Some(value);
                        n.callers[i].phase = Phase::Done;
                    });
                }
            }
            Phase::Done => {}
        }
    }

    /// While a body runs under the lease.
    fn trouble(&self, s: &State, i: usize, to: &mut Steps<State>) {
        if s.renewals > 0 {
            to.step(s, "renewer", "sends a renewal", |n| {
                n.renewals -= 1;
                n.callers[i].renewal = true;
            });
        }
        if s.losses > 0 {
            for reaches in [true, false] {
                let what = if reaches {
                    "is dropped, sends the release"
                } else {
                    "is dropped, and its connection is dead"
                };
                to.step(s, NAMES[i], what, |n| {
                    n.losses -= 1;
                    n.record.excuse();
                    n.left[PROCESS[i]] |= 1 << i;
                    n.callers[i].stray_release = reaches;
                    n.callers[i].phase = Phase::Done;
                });
            }
        }
    }

    /// Whether what stands in the lease's key is replaced by who asks for it.
    fn gives_way(&self, n: &State, i: usize) -> bool {
        match n.lease {
            Lease::None => true,
            Lease::Foreign => self.bug != Bug::WaitsForForeign,
            Lease::Token(holder) => {
                let left = n.left[PROCESS[i]] & 1 << holder != 0;
                let own = PROCESS[usize::from(holder)] == PROCESS[i];
                match self.bug {
                    Bug::NamesNothing => false,
                    Bug::NamesTheLiving => own,
                    _ => left,
                }
            }
        }
    }

    fn acquire(&self, n: &mut State, i: usize) {
        let c = n.callers[i];
        if let Some(value) = n.value {
            n.record.serve(c.must, value);
            n.callers[i].phase = Phase::Done;
        } else if n.lease == Lease::Foreign && self.bug == Bug::LooksThenTakes {
            n.callers[i].phase = Phase::Looked;
        } else if self.gives_way(n, i) {
            n.lease = Lease::Token(i as Token);
            n.left[PROCESS[i]] = 0;
            n.callers[i].phase = Phase::Computing(true, n.record.body());
        } else {
            if let Lease::Token(holder) = n.lease {
                n.waits_for_itself |= n.left[PROCESS[i]] & 1 << holder != 0;
            }
            n.callers[i].phase = Phase::Waiting;
        }
    }

    /// An acquisition is carried out that nobody hears of.
    fn arrive(&self, n: &mut State, i: usize) {
        if n.value.is_none() && self.gives_way(n, i) {
            n.lease = Lease::Token(i as Token);
        }
    }

    pub(super) fn strays(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (c, token) = (s.callers[i], Lease::Token(i as Token));
        if c.stray_acquire {
            to.step(s, "redis", "carries out the acquisition that was given up", |n| {
                n.callers[i].stray_acquire = false;
                if n.value.is_none() && n.lease == Lease::None {
                    n.lease = token;
                }
            });
            to.step(s, "network", "loses the acquisition", |n| n.callers[i].stray_acquire = false);
        }
        if c.stray_release {
            to.step(s, "redis", "carries out the release", |n| {
                n.callers[i].stray_release = false;
                if n.lease == token {
                    n.lease = Lease::None;
                }
            });
        }
        if let Some(value) = c.stray_fill {
            to.step(s, "redis", "carries out the fill that was given up", |n| {
                n.callers[i].stray_fill = None;
                if n.lease == token {
                    (n.value, n.lease) = (Some(value), Lease::None);
                }
            });
            to.step(s, "network", "loses the fill", |n| n.callers[i].stray_fill = None);
        }
        if c.renewal {
            // A correct one changes nothing here, where lives are not counted.
            to.step(s, "redis", "carries out the renewal", |n| {
                n.callers[i].renewal = false;
                if self.bug == Bug::RenewalRecreates && n.lease == Lease::None {
                    n.lease = token;
                }
            });
        }
        if s.lease == token && !self.is_renewed(s, i) {
            to.step(s, "redis", "expires the lease", |n| n.lease = Lease::None);
        }
    }

    fn is_renewed(&self, s: &State, i: usize) -> bool {
        let held =
            matches!(s.callers[i].phase, Phase::Computing(true, _) | Phase::Filling(true, _));
        match self.bug {
            Bug::CallerRenews => false,
            Bug::RenewsForTheDead => true,
            _ => held,
        }
    }

    /// The writer, which is of the first process; somebody else; and what the key does to connections.
    pub(super) fn others(&self, s: &State, to: &mut Steps<State>) {
        let bit = s.record.called + 1; // the next bit of a mask that is all ones
        if s.sent && !s.carried_out {
            to.step(s, "redis", "carries out the invalidation", |n| {
                (n.value, n.lease) = (None, Lease::None);
                n.carried_out = true;
            });
        } else if s.sent {
            to.step(s, "writer", "hears that it is invalidated", |n| {
                n.record.returned = n.record.called;
                (n.sent, n.carried_out) = (false, false);
            });
        } else if u32::from(self.invalidations) > s.record.called.count_ones() {
            to.step(s, "writer", "calls invalidate", |n| {
                n.record.called |= bit;
                n.record.excuse();
                let left_out = n.alone && self.bug == Bug::LeavesInvalidations;
                (n.sent, n.carried_out) = (true, left_out);
            });
        }
        if s.foreign > 0 {
            to.step(s, "somebody else", "writes into the lease's key", |n| {
                n.foreign -= 1;
                n.record.excuse();
                n.lease = Lease::Foreign;
            });
        }
        if s.harms > 0 && !s.alone {
            to.step(s, "process a", "leaves the key alone from now on", |n| {
                n.harms -= 1;
                n.alone = true;
            });
        }
        if s.alone {
            to.step(s, "process a", "leaves it alone no longer", |n| n.alone = false);
        }
    }
}
