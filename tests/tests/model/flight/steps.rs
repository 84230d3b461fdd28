//! What leaders, joiners, the writer and the rival do.

use super::{Bug, Callers, IN_VAIN, Model, NAMES, Phase, RIVAL, Rival, State};
use crate::explore::Steps;
use crate::redis::{Reply, Token, Value};

fn joined(s: &State, leader: usize) -> Callers {
    (0..3).filter(|&j| s.phases[j] == Phase::Joined(leader)).fold(0, |set, j| set | 1 << j)
}

impl Model {
    /// The flight ends: the leader and those in `may` take `value`, the others look again.
    fn land(&self, n: &mut State, leader: usize, value: Value, may: Callers) {
        let waiting = joined(n, leader);
        n.record.serve(n.must[leader], value);
        n.phases[leader] = Phase::Done;
        if n.flight == Some(leader) {
            n.flight = None;
        }
        for j in (0..3).filter(|j| waiting >> j & 1 == 1) {
            if may >> j & 1 == 1 {
                n.record.serve(n.must[j], value);
                n.phases[j] = Phase::Done;
                continue;
            }
            n.in_vain[j] += 1;
            if !self.reachable && self.invalidations() == 0 && n.in_vain[j] > 1 {
                n.record.broken = Some(IN_VAIN);
            }
            n.phases[j] = Phase::Idle;
            if self.bug != Bug::StartsAgainAlone {
                enter(n, j); // all of them in one step: the first leads, the others have joined
            }
        }
    }

    fn invalidations(&self) -> u8 {
        u8::from(!self.calm)
    }

    fn early(&self, s: &State, leader: usize) -> Callers {
        if self.early { joined(s, leader) } else { 0 }
    }

    pub(super) fn leader(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, token) = (NAMES[i], i as Token);
        match s.phases[i] {
            Phase::Leading if self.reachable => to.step(s, who, "asks for the lease", |n| {
                n.phases[i] = Phase::Asking(joined(n, i));
            }),
            Phase::Leading => to.step(s, who, "starts its body without Redis", |n| {
                n.phases[i] = Phase::Computing(false, n.record.body(), self.early(n, i));
            }),
            Phase::Asking(sent_for) => to.step(s, "redis", "carries out the acquisition", |n| {
                n.phases[i] = Phase::Answered(n.slot.acquire(token), sent_for);
            }),
            Phase::Answered(reply, sent_for) => {
                to.step(s, who, "hears the answer", |n| match reply {
                    Reply::Found(value) => {
                        let all = self.bug == Bug::TakesOlderReply;
                        self.land(n, i, value, if all { 7 } else { sent_for });
                    }
                    Reply::Ours => {
                        n.phases[i] = Phase::Computing(true, n.record.body(), self.early(n, i));
                    }
                    Reply::Theirs => n.phases[i] = Phase::Waiting,
                });
            }
            Phase::Waiting => {
                to.step(s, who, "polls", |n| n.phases[i] = Phase::Asking(joined(n, i)));
                if !self.calm {
                    to.step(s, who, "has waited long enough, computes unleased", |n| {
                        n.record.excuse();
                        n.phases[i] = Phase::Computing(false, n.record.body(), self.early(n, i));
                    });
                }
            }
            Phase::Computing(false, value, early) => to.step(s, who, "lands", |n| {
                let all = matches!(self.bug, Bug::TakesUnleased | Bug::KeepsFlight);
                self.land(n, i, value, if all { 7 } else { early });
            }),
            Phase::Computing(true, value, early) => {
                to.step(s, who, "closes the flight, sends the fill", |n| {
                    if n.flight == Some(i) && self.bug != Bug::ClosesWhenFilled {
                        n.flight = None;
                    }
                    n.phases[i] = Phase::Filling(value, early);
                });
            }
            Phase::Filling(value, early) => {
                to.step(s, "redis", "carries out the fill", |n| {
                    n.phases[i] = Phase::Filled(n.slot.fill(token, value), value, early);
                });
                if s.timeouts > 0 {
                    to.step(s, who, "gives up on the fill", |n| {
                        n.timeouts -= 1;
                        n.record.excuse();
                        n.stray_fill = Some((token, value));
                        let all = self.bug == Bug::TakesUnanswered;
                        self.land(n, i, value, if all { 7 } else { early });
                    });
                }
            }
            Phase::Filled(stored, value, early) => to.step(s, who, "lands", |n| {
                let all = stored || self.bug == Bug::TakesVoided;
                self.land(n, i, value, if all { 7 } else { early });
            }),
            Phase::Idle | Phase::Joined(_) | Phase::Done => {}
        }
    }

    pub(super) fn invalidator(&self, s: &State, to: &mut Steps<State>) {
        match s.invalidation {
            0 if !self.calm => to.step(s, "writer", "calls invalidate", |n| {
                n.record.called = 1;
                n.record.excuse();
                n.invalidation = 1;
                if self.local && self.bug != Bug::KeepsFlight {
                    n.flight = None;
                }
            }),
            1 => to.step(s, "redis", "carries out the invalidation", |n| {
                n.slot.invalidate(); // out of reach of a local writer: it goes to the journal
                n.invalidation = 2;
            }),
            2 => to.step(s, "writer", "returns", |n| {
                n.record.returned = 1;
                n.invalidation = 3;
            }),
            _ => {}
        }
    }

    pub(super) fn rival(&self, s: &State, to: &mut Steps<State>) {
        match s.rival {
            Rival::Idle if self.rival => to.step(s, "rival", "asks for the lease", |n| {
                n.rival = match n.slot.acquire(RIVAL) {
                    Reply::Ours => Rival::Computing(n.record.body()),
                    _ => Rival::Done,
                };
            }),
            Rival::Computing(value) => to.step(s, "rival", "fills", |n| {
                n.slot.fill(RIVAL, value);
                n.rival = Rival::Done;
            }),
            _ => {}
        }
    }
}

/// Under the lock of the map: joins the flight, or opens one.
pub(super) fn enter(n: &mut State, i: usize) {
    n.phases[i] = match n.flight {
        Some(leader) => Phase::Joined(leader),
        None => Phase::Leading,
    };
    n.flight = n.flight.or(Some(i));
}
