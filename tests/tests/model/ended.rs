//! A computation that ends without a value to be stored, in one process, and who waits for it in
//! others: nobody is to wait for a second one then.
//!
//! The first two callers are of one process: when a body has ended there, the next call may begin
//! before the store has heard of it, and takes the lease over by name. The others are each in a
//! process of their own. When the lease ends so, a mark is left beside it, and everybody who is
//! refused the lease is told it.

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G4, Token};

const TWICE: &str = "G4: who waited for a computation without a value waits for another";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// The lease is given back, and that is all.
    LeavesNoMark,
    /// The mark stands in the place of the lease, and goes with it.
    MarksTheLease,
    /// Who takes over by name what has ended leaves no mark of it.
    TakesOverInSilence,
    /// A mark is left when the end arrives, also of a lease that another has by then.
    MarksLate,
    /// All marks are alike.
    MarksAlike,
    /// Any mark is a reason, also an old one.
    KeepsNoFirstMark,
    /// So is that the first mark has expired.
    TakesNoMarkForOne,
    /// A call that is dropped leaves a mark, too.
    MarksWhatIsDropped,
}

#[derive(Clone, Copy)]
struct Model {
    bug: Bug,
    /// Somebody has left a mark before.
    old: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Asking,
    Waiting,
    Computing { leased: bool },
    Done,
}

/// On its way to Redis.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    Release,
    /// It ended without a value.
    End,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Caller {
    phase: Phase,
    message: Option<Message>,
    /// The mark that it was told when it was refused first.
    first: Option<Option<Token>>,
    /// What only we know: since then a computation has ended without a value.
    since: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    stored: bool,
    lease: Option<Token>,
    mark: Option<Token>,
    callers: [Caller; 4],
    broken: Option<&'static str>,
    drops: u8,
}

const NAMES: [&str; 4] = ["caller a", "the next caller of a's process", "caller b", "caller c"];
const OLD: Token = 99;
const ALIKE: Token = 77;

impl Model {
    fn acquire(&self, s: &mut State, i: usize) {
        let token = i as Token;
        // What its process left behind is taken over by name.
        let over = i == 1 && s.callers[0].phase == Phase::Done && s.lease == Some(0);
        if s.stored {
            s.callers[i].phase = Phase::Done;
        } else if s.lease.is_none() || over {
            let ended = s.callers[0].message == Some(Message::End);
            if over && (ended || self.bug == Bug::MarksWhatIsDropped) {
                match self.bug {
                    Bug::TakesOverInSilence => Self::ended_for_all(s),
                    _ => self.mark(s, 0, ended),
                }
            }
            s.lease = Some(token);
            s.callers[i].phase = Phase::Computing { leased: true };
            if self.bug == Bug::MarksTheLease {
                s.mark = None;
            }
        } else {
            self.refused(s, i);
        }
    }

    fn refused(&self, s: &mut State, i: usize) {
        let (mark, c) = (s.mark, &mut s.callers[i]);
        let first = match self.bug {
            Bug::KeepsNoFirstMark => None,
            _ => *c.first.get_or_insert(mark),
        };
        let another = mark != first && (mark.is_some() || self.bug == Bug::TakesNoMarkForOne);
        c.first.get_or_insert(mark);
        match (another, c.since) {
            (true, true) => c.phase = Phase::Computing { leased: false },
            (false, false) => c.phase = Phase::Waiting,
            (true, false) => s.broken = Some(G4),
            (false, true) => s.broken = Some(TWICE),
        }
    }

    /// The lease of a computation goes, which has `ended` without a value or else was dropped.
    fn mark(&self, s: &mut State, i: usize, ended: bool) {
        match self.bug {
            Bug::LeavesNoMark => {}
            Bug::MarksAlike => s.mark = Some(ALIKE),
            _ => s.mark = Some(i as Token),
        }
        if ended {
            Self::ended_for_all(s);
        }
    }

    fn ended_for_all(s: &mut State) {
        for c in &mut s.callers {
            c.since |= c.first.is_some();
        }
    }

    fn gives_back(&self, s: &mut State, i: usize, ended: bool) {
        let ours = s.lease == Some(i as Token);
        if ours {
            s.lease = None;
        }
        let marks = ended || self.bug == Bug::MarksWhatIsDropped;
        if marks && ours {
            self.mark(s, i, ended);
        } else if marks && self.bug == Bug::MarksLate {
            s.mark = Some(i as Token);
        }
    }

    fn message(&self, s: &State, i: usize, to: &mut Steps<State>) {
        match s.callers[i].message {
            Some(Message::Release) => to.step(s, "redis", "carries out a release", |n| {
                n.callers[i].message = None;
                self.gives_back(n, i, false);
            }),
            Some(Message::End) => to.step(s, "redis", "carries out an end without a value", |n| {
                n.callers[i].message = None;
                self.gives_back(n, i, true);
            }),
            None => {}
        }
    }
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        let caller = Caller { phase: Phase::Idle, message: None, first: None, since: false };
        State {
            stored: false,
            lease: None,
            mark: self.old.then_some(OLD),
            callers: [caller; 4],
            broken: None,
            drops: 1,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for (i, who) in NAMES.into_iter().enumerate() {
            match s.callers[i].phase {
                Phase::Idle if i == 1 && s.callers[0].phase != Phase::Done => {}
                Phase::Idle => to.step(s, who, "begins", |n| n.callers[i].phase = Phase::Asking),
                Phase::Asking => {
                    to.step(s, who, "asks for the lease", |n| self.acquire(n, i));
                }
                Phase::Waiting => {
                    to.step(s, who, "asks again", |n| n.callers[i].phase = Phase::Asking);
                }
                Phase::Computing { leased } => {
                    to.step(s, who, "computes a value", |n| {
                        n.callers[i].phase = Phase::Done;
                        if leased && n.lease == Some(i as Token) {
                            (n.stored, n.lease) = (true, None);
                        }
                    });
                    to.step(s, who, "computes nothing that is stored", |n| {
                        n.callers[i].phase = Phase::Done;
                        n.callers[i].message = leased.then_some(Message::End);
                    });
                    if s.drops > 0 {
                        to.step(s, who, "is dropped", |n| {
                            n.drops -= 1;
                            n.callers[i].phase = Phase::Done;
                            n.callers[i].message = leased.then_some(Message::Release);
                        });
                    }
                }
                Phase::Done => {}
            }
            self.message(s, i, to);
        }
        let holder = s.lease.map(|token| s.callers[usize::from(token)].phase);
        if holder == Some(Phase::Done) {
            to.step(s, "redis", "expires a lease that nobody holds", |n| n.lease = None);
        }
        // It lasts longer than anybody pauses.
        let unseen = |c: &Caller| c.since && matches!(c.phase, Phase::Asking | Phase::Waiting);
        if s.mark.is_some() && !s.callers.iter().any(unseen) {
            to.step(s, "redis", "expires the mark", |n| n.mark = None);
        }
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.broken
    }

    fn settled(&self, s: &State) -> bool {
        s.callers.iter().all(|c| c.phase == Phase::Done)
    }
}

#[test]
fn who_waited_for_a_computation_without_a_value_waits_for_no_other() {
    for old in [false, true] {
        holds("an end without a value", &Model { bug: Bug::None, old });
    }
}

#[test]
fn every_known_mistake_with_marks_is_found() {
    let with = |bug| Model { bug, old: false };
    breaks("no mark", &with(Bug::LeavesNoMark), TWICE);
    breaks("a mark in the lease", &with(Bug::MarksTheLease), TWICE);
    breaks("a lease that is taken over in silence", &with(Bug::TakesOverInSilence), TWICE);
    breaks("a mark that comes late", &with(Bug::MarksLate), G4);
    breaks("marks that are alike", &with(Bug::MarksAlike), TWICE);
    let with = |bug| Model { bug, old: true };
    breaks("an old mark is a reason", &with(Bug::KeepsNoFirstMark), G4);
    breaks("a mark that expires is a reason", &with(Bug::TakesNoMarkForOne), G4);
    breaks("a call that is dropped", &with(Bug::MarksWhatIsDropped), G4);
}
