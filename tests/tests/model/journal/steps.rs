//! What the callers, the writers and the journal do.

use super::{Bug, Model, READERS, Reading, State, WRITERS, Writing};
use crate::explore::Steps;
use crate::redis::{Reply, Value};

impl Model {
    fn trusted(&self, s: &State) -> bool {
        let sent = self.bug == Bug::TrustsWhenSent && s.replay.is_some();
        s.entry.is_none() || sent
    }

    fn land(n: &mut State, i: usize, value: Value, other_may: bool) {
        n.record.serve(n.readers[i].1, value);
        n.readers[i].0 = Reading::Done;
        n.flight = n.flight.filter(|&leader| leader != i);
        let other = 1 - i;
        if n.readers[other].0 == Reading::Joined {
            if other_may {
                n.record.serve(n.readers[other].1, value);
            }
            n.readers[other].0 = Reading::Done; // without it, computes: always new enough
        }
    }

    fn enter(n: &mut State, i: usize, trusted: bool) {
        if n.flight.is_some() {
            n.readers[i].0 = Reading::Joined;
        } else {
            n.flight = Some(i);
            n.readers[i].0 = Reading::Leading(trusted);
        }
    }

    pub(super) fn reader(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let who = READERS[i];
        let joined = s.readers[1 - i].0 == Reading::Joined;
        match s.readers[i].0 {
            Reading::Idle => to.step(s, who, "begins", |n| {
                n.readers[i].1 = n.record.returned | n.local;
                let trusted = self.trusted(n);
                if self.bug == Bug::ChecksThenEnters {
                    n.readers[i].0 = Reading::Checked(trusted);
                } else {
                    Self::enter(n, i, trusted);
                }
            }),
            Reading::Checked(trusted) => to.step(s, who, "leads or joins", |n| {
                Self::enter(n, i, trusted);
            }),
            Reading::Leading(true) => to.step(s, who, "sends a read", |n| {
                n.readers[i].0 = Reading::Asking(joined);
            }),
            Reading::Leading(false) => to.step(s, who, "computes without Redis", |n| {
                let value = n.record.called;
                Self::land(n, i, value, true);
            }),
            Reading::Asking(sent_for) => to.step(s, "redis", "carries out the read", |n| {
                n.readers[i].0 = Reading::Answered(n.slot.value, sent_for);
            }),
            Reading::Answered(found, sent_for) => to.step(s, who, "hears the answer", |n| {
                Self::land(n, i, found.unwrap_or(n.record.called), sent_for || found.is_none());
            }),
            Reading::Joined | Reading::Done => {}
        }
    }

    pub(super) fn writer(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, bit) = (WRITERS[i], 1 << i);
        match s.writers[i] {
            Writing::Idle => to.step(s, who, "calls invalidate", |n| {
                n.record.called |= bit;
                n.flight = None;
                n.writers[i] = Writing::Sent;
            }),
            Writing::Sent => {
                to.step(s, "redis", "carries out the invalidation", |n| {
                    n.slot.invalidate();
                    n.writers[i] = Writing::CarriedOut;
                });
                self.queue(s, i, to);
            }
            Writing::CarriedOut => {
                to.step(s, who, "hears that it is invalidated", |n| {
                    n.record.returned |= bit;
                    n.writers[i] = Writing::Done;
                });
                self.queue(s, i, to); // the answer is lost
            }
            Writing::Queued => to.step(s, who, "returns", |n| {
                n.local |= bit;
                n.writers[i] = Writing::Done;
            }),
            Writing::Done => {}
        }
    }

    fn queue(&self, s: &State, i: usize, to: &mut Steps<State>) {
        to.step(s, WRITERS[i], "gives up, queues the invalidation", |n| {
            if self.bug != Bug::Drops {
                n.entry = Some(n.replay.is_some());
            }
            if self.bug != Bug::QueuesWithoutDetaching {
                n.flight = None;
            }
            n.writers[i] = Writing::Queued;
        });
    }

    pub(super) fn replay(&self, s: &State, to: &mut Steps<State>) {
        let steps = if self.overflow { 2 } else { 1 };
        match (s.replay, s.entry) {
            (None, Some(_)) => to.step(s, "journal", "sends the replay", |n| {
                let queued = |w: &Writing| matches!(w, Writing::Queued | Writing::Done);
                let stands_for = |i: usize| u8::from(queued(&n.writers[i])) << i;
                n.replay = Some((stands_for(0) | stands_for(1), 0));
            }),
            (Some((bits, done)), _) if done < steps => {
                to.step(s, "redis", "carries out a step of the replay", |n| {
                    n.slot.lease = None;
                    if done + 1 == steps {
                        n.slot.value = None;
                    }
                    n.replay = Some((bits, done + 1));
                });
            }
            (Some((bits, _)), _) => {
                to.step(s, "journal", "hears that the replay is done", |n| {
                    n.replay = None;
                    n.record.returned |= bits;
                    let newer = n.entry == Some(true) && self.bug != Bug::RemovesNewer;
                    n.entry = newer.then_some(false);
                });
            }
            (None, None) => {}
        }
    }

    pub(super) fn remote(s: &State, to: &mut Steps<State>) {
        let who = "other process";
        if let Some(value) = s.remote {
            to.step(s, who, "fills", |n| {
                n.slot.fill(0, value);
                n.remote = None;
            });
        } else if s.remote_calls > 0 {
            to.step(s, who, "looks", |n| {
                n.remote_calls -= 1;
                match n.slot.acquire(0) {
                    Reply::Found(value) => n.record.serve(n.record.returned, value),
                    _ => n.remote = Some(n.record.called),
                }
            });
        }
    }
}
