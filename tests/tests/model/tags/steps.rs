//! What calls, invalidations and Redis may do.

use super::{Bug, Entry, Invalidating, Model, Phase, State, Token, Waiting};
use crate::explore::Steps;
use crate::redis::Value;

const CALLERS: [&str; 2] = ["caller a", "caller b"];
const INVALIDATORS: [&str; 2] = ["writer a", "writer b"];

impl Model {
    fn counts(&self, entry: Entry, tag: Option<Token>) -> bool {
        match tag {
            None => self.bug == Bug::MissingIsValid,
            Some(token) => token == entry.token,
        }
    }

    /// The tag's token, a new one where it has none.
    fn seed(&self, n: &mut State) -> Token {
        if let Some(token) = n.tag {
            return token;
        }
        let token = if self.bug == Bug::SeedsTheSameToken { 0 } else { n.next };
        n.next += 1;
        n.tag = Some(token);
        token
    }

    /// Returns what was found, or goes on to ask for the lease.
    fn judge(&self, n: &mut State, i: usize, entry: Option<Entry>, tag: Option<Token>) {
        let must = n.callers[i].1;
        n.callers[i].0 = match entry {
            Some(entry) if self.counts(entry, tag) => {
                n.record.serve(must, entry.value);
                if i == 0 {
                    land(n, true, entry.value);
                }
                Phase::Done
            }
            entry => Phase::Asking(entry.map(|entry| entry.fill)),
        };
    }

    pub(super) fn caller(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, (phase, must)) = (CALLERS[i], s.callers[i]);
        match phase {
            Phase::Idle if self.apart => {
                to.step(s, who, "begins, reads the value", |n| {
                    n.callers[i] = (Phase::HasValue(n.entry), n.record.returned);
                });
                to.step(s, who, "begins, reads the tag", |n| {
                    n.callers[i] = (Phase::HasToken(n.tag), n.record.returned);
                });
            }
            Phase::Idle => to.step(s, who, "begins, reads value and tag", |n| {
                n.callers[i].1 = n.record.returned;
                self.judge(n, i, s.entry, s.tag);
            }),
            Phase::HasValue(entry) => to.step(s, who, "reads the tag", |n| {
                self.judge(n, i, entry, s.tag);
            }),
            Phase::HasToken(tag) => to.step(s, who, "reads the value", |n| {
                self.judge(n, i, s.entry, tag);
            }),
            Phase::Asking(seen) => self.asks(s, i, seen, to),
            Phase::Leased => to.step(s, who, "reads or seeds the tag", |n| {
                n.callers[i].0 = Phase::Ready(self.seed(n));
            }),
            Phase::Ready(token) => to.step(s, who, "begins its body", |n| {
                n.callers[i].0 = Phase::Computing(token, n.record.called);
                if i == 0
                    && let Waiting::Joined { must, .. } = n.waiter
                {
                    n.waiter = Waiting::Joined { before: true, must };
                }
            }),
            Phase::Computing(token, value) => to.step(s, who, "ends its body, fills", |n| {
                let late = self.bug == Bug::ReadsTokenAfterBody;
                let token = if late { self.seed(n) } else { token };
                n.entry = Some(Entry { fill: n.next, token, value });
                n.next += 1;
                n.lease = None;
                n.callers[i].0 = Phase::Filled(token, value);
            }),
            Phase::Filled(token, value) => to.step(s, who, "looks at the tag, returns", |n| {
                let same = n.tag == Some(token) || self.bug == Bug::HandsOutUnconfirmed;
                n.record.serve(must, value);
                n.callers[i].0 = Phase::Done;
                if i == 0 {
                    land(n, same, value);
                }
            }),
            Phase::Done => {}
        }
    }

    fn asks(&self, s: &State, i: usize, seen: Option<u8>, to: &mut Steps<State>) {
        let who = CALLERS[i];
        let seen = seen.filter(|_| self.bug != Bug::ReturnsWhatIsInvalid);
        match s.entry {
            Some(entry) if seen != Some(entry.fill) => {
                to.step(s, who, "asks for the lease, finds a value", |n| {
                    self.judge(n, i, Some(entry), s.tag);
                });
            }
            _ if s.lease.is_some() => {} // it asks again
            _ => to.step(s, who, "takes the lease", |n| {
                n.lease = Some(i);
                let late = self.apart || self.bug == Bug::ReadsTokenAfterBody;
                n.callers[i].0 = match (late, self.bug) {
                    (_, Bug::ReadsTokenAfterBody) => Phase::Ready(0),
                    (true, _) => Phase::Leased,
                    (false, _) => Phase::Ready(self.seed(n)),
                };
            }),
        }
    }

    pub(super) fn waiter(&self, s: &State, to: &mut Steps<State>) {
        let flies = !matches!(s.callers[0].0, Phase::Idle | Phase::Done);
        let looks = matches!(s.callers[0].0, Phase::HasValue(_) | Phase::HasToken(_));
        if s.waiter == Waiting::Idle && flies && !looks {
            to.step(s, "waiter", "joins the flight", |n| {
                n.waiter = Waiting::Joined { before: false, must: n.record.returned };
            });
        }
    }

    pub(super) fn invalidator(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, bit) = (INVALIDATORS[i], 1 << i);
        match s.invalidators[i] {
            Invalidating::Idle => to.step(s, who, "calls invalidate_tag", |n| {
                n.record.called |= bit;
                n.invalidators[i] = Invalidating::Called;
            }),
            Invalidating::Called => to.step(s, "redis", "removes the tag", |n| {
                n.tag = None;
                n.invalidators[i] = Invalidating::Removed;
            }),
            Invalidating::Removed => to.step(s, who, "returns", |n| {
                n.record.returned |= bit;
                n.invalidators[i] = Invalidating::Returned;
            }),
            Invalidating::Returned => {}
        }
    }
}

/// Ends the flight: who came before its body may have the value anyway, the others only if the tag
/// is `same` after that; else they look again.
fn land(n: &mut State, same: bool, value: Value) {
    if let Waiting::Joined { before, must } = n.waiter {
        if before || same {
            n.record.serve(must, value);
        }
        n.waiter = Waiting::Done;
    }
}
