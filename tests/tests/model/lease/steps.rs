//! What may happen to the callers, the messages and the lease.

use super::{Bug, Model, NAMES, Phase, State};
use crate::explore::Steps;
use crate::redis::{Reply, Token, Value};

impl Model {
    pub(super) fn caller(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, c) = (NAMES[i], s.callers[i]);
        match c.phase {
            // They are alike, so they may begin in one order.
            Phase::Idle if i > 0 && s.callers[i - 1].phase == Phase::Idle => {}
            Phase::Idle => to.step(s, who, "begins, asks for the lease", |n| {
                n.callers[i].must = n.record.returned;
                n.callers[i].phase = Phase::Asking;
            }),
            Phase::Asking => {
                to.step(s, "redis", "carries out the acquisition", |n| {
                    n.callers[i].phase = Phase::Answered(n.slot.acquire(c.token));
                });
                self.timed_out(s, i, Some(c.token), to);
            }
            Phase::Answered(reply) => {
                to.step(s, who, "hears the answer", |n| match reply {
                    Reply::Found(value) => {
                        n.record.serve(c.must, value);
                        n.callers[i].phase = Phase::Done;
                    }
                    Reply::Ours => n.callers[i].phase = Phase::Computing(true, n.record.body()),
                    Reply::Theirs => n.callers[i].phase = Phase::Waiting,
                });
                self.timed_out(s, i, None, to);
            }
            Phase::Waiting => {
                to.step(s, who, "polls", |n| n.callers[i].phase = Phase::Asking);
                if self.bounded {
                    to.step(s, who, "has waited long enough, computes unleased", |n| {
                        n.record.excuse();
                        n.callers[i].phase = Phase::Computing(false, n.record.body());
                    });
                }
            }
            Phase::Computing(false, value) => to.step(s, who, "returns, stores nothing", |n| {
                n.record.serve(c.must, value);
                n.callers[i].phase = Phase::Done;
            }),
            Phase::Computing(true, value) => {
                to.step(s, who, "ends its body, sends the fill", |n| {
                    n.callers[i].phase = Phase::Filling(value);
                });
                self.renewal(s, i, to);
                if s.errors > 0 {
                    to.step(s, who, "fails, sends the release", |n| {
                        n.errors -= 1;
                        n.record.excuse();
                        n.callers[i].stray_release = Some(c.token);
                        n.callers[i].phase = Phase::Done;
                    });
                }
            }
            Phase::Filling(value) => {
                to.step(s, "redis", "carries out the fill", |n| {
                    self.fill(n, c.token, value);
                    n.record.serve(c.must, value);
                    n.callers[i].phase = Phase::Done;
                });
                if s.timeouts > 0 {
                    to.step(s, who, "gives up on the fill, returns", |n| {
                        n.timeouts -= 1;
                        n.record.excuse();
                        n.callers[i].stray_fill = Some(value);
                        n.callers[i].phase = Phase::Done;
                    });
                }
            }
            Phase::Done | Phase::Dead => {}
        }
        if s.crashes > 0 && !matches!(c.phase, Phase::Idle | Phase::Done | Phase::Dead) {
            to.step(s, who, "is killed", |n| {
                n.crashes -= 1;
                n.record.excuse();
                n.callers[i].phase = Phase::Dead;
            });
        }
    }

    /// No answer to the acquisition in time; `pending` if Redis has not seen it yet.
    fn timed_out(&self, s: &State, i: usize, pending: Option<Token>, to: &mut Steps<State>) {
        if s.timeouts == 0 {
            return;
        }
        to.step(s, NAMES[i], "gives up on the acquisition", |n| {
            n.timeouts -= 1;
            n.record.excuse();
            let c = &mut n.callers[i];
            c.stray_acquire = pending;
            match self.bug {
                Bug::LateAcquisitionFills => c.phase = Phase::Computing(true, n.record.body()),
                Bug::RetriesWithOneToken => c.phase = Phase::Asking,
                _ => {
                    c.stray_release = Some(c.token);
                    c.phase = if self.retries {
                        c.token += 10;
                        Phase::Asking
                    } else {
                        Phase::Computing(false, n.record.body())
                    };
                }
            }
        });
    }

    fn fill(&self, n: &mut State, token: Token, value: Value) {
        if self.bug == Bug::FillsUnchecked {
            n.slot.lease = Some(token);
        }
        n.slot.fill(token, value);
    }

    /// A correct renewal changes nothing here, where lives are not counted: it extends a lease
    /// that is still its own. The others are `SET` without a condition, and `SET XX`.
    fn renewal(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let recreates = self.bug == Bug::RenewalRecreates;
        let steals = self.bug == Bug::RenewalSteals && s.slot.lease.is_some();
        if recreates || steals {
            to.step(s, "redis", "carries out a renewal", |n| {
                n.slot.lease = Some(n.callers[i].token);
            });
        }
    }

    pub(super) fn strays(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let c = s.callers[i];
        if let Some(token) = c.stray_acquire {
            to.step(s, "redis", "carries out the acquisition that was given up", |n| {
                n.slot.acquire(token);
                n.callers[i].stray_acquire = None;
            });
        }
        if let Some(token) = c.stray_release
            && !(self.ordered && c.stray_acquire.is_some())
        {
            to.step(s, "redis", "carries out the release", |n| {
                n.slot.release(token);
                if self.bug == Bug::ReleasesUnchecked {
                    n.slot.lease = None;
                }
                n.callers[i].stray_release = None;
            });
        }
        if let Some(value) = c.stray_fill {
            to.step(s, "redis", "carries out the fill that was given up", |n| {
                self.fill(n, c.token, value);
                n.callers[i].stray_fill = None;
            });
        }
    }

    pub(super) fn invalidator(&self, s: &State, to: &mut Steps<State>) {
        let bit = s.record.called + 1; // the next bit of a mask that is all ones
        if s.sent && !s.carried_out {
            to.step(s, "redis", "carries out the invalidation", |n| {
                let lease = n.slot.lease;
                n.slot.invalidate();
                if self.bug == Bug::InvalidatesValueOnly {
                    n.slot.lease = lease;
                }
                n.carried_out = true;
            });
        } else if s.sent {
            to.step(s, "writer", "hears that it is invalidated", |n| {
                n.record.returned = n.record.called;
                n.sent = false;
                n.carried_out = false;
            });
        } else if u32::from(self.invalidations) > s.record.called.count_ones() {
            to.step(s, "writer", "calls invalidate", |n| {
                n.record.called |= bit;
                n.record.excuse();
                n.sent = true;
            });
        }
    }

    pub(super) fn expiry(&self, s: &State, to: &mut Steps<State>) {
        let Some(token) = s.slot.lease else { return };
        let holder = s.callers.iter().find(|c| c.token == token);
        let alive = holder.is_some_and(|c| {
            matches!(
                c.phase,
                Phase::Answered(Reply::Ours) | Phase::Computing(true, _) | Phase::Filling(_)
            )
        });
        if alive && s.stalls > 0 {
            to.step(s, "redis", "expires the lease of a holder that stalls", |n| {
                n.stalls -= 1;
                n.record.excuse();
                n.slot.lease = None;
            });
        } else if !alive && self.bug != Bug::LeaseWithoutLife {
            to.step(s, "redis", "expires a lease that nobody holds", |n| n.slot.lease = None);
        }
    }
}
