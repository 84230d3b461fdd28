//! What calls, invalidations and Redis may do.

use super::{Bug, Entry, Invalidating, KEPT, Log, Mark, Model, Phase, State, Token};
use crate::explore::Steps;

const CALLERS: [&str; 2] = ["caller a", "caller b"];
const INVALIDATORS: [&str; 2] = ["writer a", "writer b"];

impl Log {
    /// One more was invalidated: this tag, or another one.
    fn add(&mut self, is_own: bool) {
        self.number += 1;
        if is_own {
            self.last = Some(self.number);
        }
        self.last = self.last.filter(|last| last + KEPT > self.number);
    }
}

impl Model {
    /// The tag's token, a new one where it has none.
    fn seed(n: &mut State) -> Token {
        let next = n.next;
        *n.tag.get_or_insert_with(|| {
            n.next += 1;
            next
        })
    }

    /// Where the log is; a new one where there is none.
    fn mark(n: &mut State) -> Mark {
        let next = n.next;
        let log = n.log.get_or_insert_with(|| {
            n.next += 1;
            Log { epoch: next, number: 0, last: None }
        });
        Mark { epoch: log.epoch, number: log.number, server: n.server }
    }

    /// Whether the tag is known not to have been invalidated since.
    fn is_none_since(&self, s: &State, mark: Mark) -> bool {
        if self.bug == Bug::NeverAsksTheLog {
            return true;
        }
        if s.server != mark.server && self.bug != Bug::TrustsAnotherServer {
            return false;
        }
        let Some(log) = s.log.filter(|log| log.epoch == mark.epoch) else {
            return self.bug == Bug::LostLogKnows;
        };
        let is_known = log.number <= mark.number + KEPT || self.bug == Bug::TrimmedLogKnows;
        is_known && log.last.is_none_or(|last| last <= mark.number)
    }

    /// Returns what was found, or goes on to ask for the lease.
    fn judge(n: &mut State, i: usize, entry: Option<Entry>) {
        let must = n.callers[i].1;
        n.callers[i].0 = match entry {
            Some(entry) if n.tag == Some(entry.token) => {
                n.record.serve(must, entry.value);
                Phase::Done
            }
            entry => Phase::Asking(entry.map(|entry| entry.fill)),
        };
    }

    /// It may not be stored.
    fn gives_up(n: &mut State, i: usize) {
        n.lease = None;
        n.callers[i].0 = Phase::Done;
    }

    pub(super) fn caller(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, bug) = (CALLERS[i], self.bug);
        match s.callers[i].0 {
            Phase::Idle => to.step(s, who, "begins, reads the value", |n| {
                n.callers[i] = (Phase::HasValue(n.entry), n.record.returned);
            }),
            Phase::HasValue(entry) => to.step(s, who, "reads the tag that it says", |n| {
                Self::judge(n, i, entry);
            }),
            Phase::Asking(seen) => match s.entry {
                Some(entry) if seen != Some(entry.fill) => {
                    to.step(s, who, "asks for the lease, finds a value", |n| {
                        n.callers[i].0 = Phase::HasValue(Some(entry));
                    });
                }
                _ if s.lease.is_some() => {} // it asks again
                _ => to.step(s, who, "takes the lease", |n| {
                    n.lease = Some(i);
                    n.callers[i].0 = match bug {
                        Bug::MarksAfterTheBodyBegan => Phase::Ready(None),
                        _ if self.apart => Phase::Leased,
                        _ => Phase::Ready(Some(Self::mark(n))),
                    };
                }),
            },
            Phase::Leased => to.step(s, who, "marks", |n| {
                n.callers[i].0 = Phase::Ready(Some(Self::mark(n)));
            }),
            Phase::Ready(mark) => to.step(s, who, "begins its body", |n| {
                n.callers[i].0 = Phase::Computing(mark, n.record.called);
            }),
            Phase::Computing(mark, value) => to.step(s, who, "ends its body", |n| {
                let mark = mark.unwrap_or_else(|| Self::mark(n));
                n.callers[i].0 = Phase::Computed(mark, value);
            }),
            Phase::Computed(mark, value) if bug == Bug::AsksTheLogBeforeTheToken => {
                to.step(s, who, "asks the log", |n| match self.is_none_since(s, mark) {
                    true => n.callers[i].0 = Phase::Asked(value),
                    false => Self::gives_up(n, i),
                });
            }
            Phase::Computed(mark, value) => to.step(s, who, "reads or seeds the tag", |n| {
                let token = Self::seed(n);
                n.callers[i].0 = Phase::HasToken(mark, value, token);
                if !self.apart {
                    self.asks(n, i, mark, (value, token));
                }
            }),
            Phase::HasToken(mark, value, token) => to.step(s, who, "asks the log", |n| {
                self.asks(n, i, mark, (value, token));
            }),
            Phase::Asked(value) => to.step(s, who, "reads or seeds the tag", |n| {
                n.callers[i].0 = Phase::Filling(value, Self::seed(n));
            }),
            Phase::Filling(value, token) => to.step(s, who, "fills, returns", |n| {
                if n.lease == Some(i) {
                    n.entry = Some(Entry { fill: n.next, token, value });
                    n.next += 1;
                    n.lease = None;
                }
                n.callers[i].0 = Phase::Done;
            }),
            Phase::Done => {}
        }
    }

    fn asks(&self, n: &mut State, i: usize, mark: Mark, (value, token): (u8, Token)) {
        match self.is_none_since(n, mark) {
            true => n.callers[i].0 = Phase::Filling(value, token),
            false => Self::gives_up(n, i),
        }
    }

    pub(super) fn invalidator(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, bit) = (INVALIDATORS[i], 1 << i);
        match s.invalidators[i] {
            step @ (Invalidating::Idle | Invalidating::Knows) => {
                if step == Invalidating::Idle && self.bug == Bug::KnewOfNoLog && s.log.is_none() {
                    to.step(s, who, "sees that there is no log", |n| {
                        n.invalidators[i] = Invalidating::Knows;
                    });
                }
                let logged = (step == Invalidating::Knows).then_some(false);
                to.step(s, who, "calls invalidate_tag", |n| {
                    n.record.called |= bit;
                    n.invalidators[i] = Invalidating::Called { logged, changed: false };
                });
            }
            Invalidating::Called { .. } if !self.apart => {
                to.step(s, "redis", "logs and changes the tag", |n| {
                    Self::log(n);
                    self.change(n);
                    n.invalidators[i] = Invalidating::Changed;
                });
            }
            Invalidating::Called { logged, changed } => {
                let called = |changed| Invalidating::Called { logged, changed };
                match logged {
                    None => to.step(s, "redis", "logs the tag, if there is a log", |n| {
                        let logged = Some(Self::log(n));
                        n.invalidators[i] = Invalidating::Called { logged, changed };
                    }),
                    Some(is_there) => {
                        let is_enough = changed
                            && match self.bug {
                                Bug::ChangesOnce => true,
                                Bug::NoLogIsEnough | Bug::KnewOfNoLog => !is_there,
                                _ => false,
                            };
                        to.step(s, "redis", "changes the tag behind the log", |n| {
                            if !(is_enough || changed && self.bug == Bug::SoftensAlike) {
                                self.change(n);
                            }
                            n.invalidators[i] = Invalidating::Changed;
                        });
                    }
                }
                if !changed {
                    to.step(s, "redis", "changes the tag beside the log", |n| {
                        self.change(n);
                        n.invalidators[i] = called(true);
                    });
                }
            }
            Invalidating::Changed => to.step(s, who, "returns", |n| {
                n.record.returned |= bit;
                n.invalidators[i] = Invalidating::Returned;
            }),
            Invalidating::Returned => {}
        }
    }

    /// Logs the tag, if there is a log.
    fn log(n: &mut State) -> bool {
        if let Some(log) = &mut n.log {
            log.add(true);
        }
        n.log.is_some()
    }

    /// Removes the token, or replaces it where there is one.
    fn change(&self, n: &mut State) {
        n.tag = n.tag.filter(|_| self.soft).map(|_| n.next);
        n.next += u8::from(n.tag.is_some());
    }

    pub(super) fn redis(&self, s: &State, to: &mut Steps<State>) {
        if s.evictions > 0 && s.log.is_some() {
            to.step(s, "redis", "evicts the log", |n| {
                n.evictions -= 1;
                n.log = None;
            });
        }
        if let Some(log) = s.log.filter(|_| s.others > 0) {
            to.step(s, "redis", "logs another tag", |n| {
                n.others -= 1;
                let mut log = log;
                log.add(false);
                n.log = Some(log);
            });
        }
        if self.fails_over && s.server == 0 {
            to.step(s, "replica", "hears of the log", |n| n.replica = n.log);
            to.step(s, "redis", "fails over", |n| {
                n.log = n.replica;
                n.server += 1;
            });
        }
    }
}
