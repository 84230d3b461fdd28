//! Stale values: three callers around one refresh, two of them in one process, and an
//! invalidation in mid-body.

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G3, G4, Record, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `stale_while_revalidate` and `early_refresh`: served at once, refreshed behind.
    Behind,
    /// `soft_timeout`, `hard_timeout`: the caller leaves, the body goes on.
    Timeout,
    /// `stale_if_error`.
    IfError,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    FillsUnchecked,
    SharesFallback,
    /// The refresh takes the lease without a look whether somebody has refreshed meanwhile.
    RefreshesAgain,
}

#[derive(Clone, Copy)]
struct Model {
    kind: Kind,
    bug: Bug,
    /// Nothing fails and nothing is invalidated.
    calm: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    /// Has looked for itself, and found this stale value or none.
    Looked(Option<Value>),
    /// In the body; may fall back to the first, unless the caller has been answered.
    Refreshing {
        fallback: Option<Value>,
        value: Value,
        answered: bool,
    },
    /// In the flight of a caller of the same process, with what it found itself.
    Joined(Option<Value>, usize),
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    /// And whether it is fresh.
    value: Option<(Value, bool)>,
    lease: Option<usize>,
    phases: [Phase; 3],
    must: [u8; 3],
    begun: [bool; 3],
    record: Record,
    invalidation: u8,
    errors: u8,
}

/// The last one is alone in its process.
const NAMES: [&str; 3] = ["caller a", "caller b", "remote caller"];

impl Model {
    fn call(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let who = NAMES[i];
        match s.phases[i] {
            Phase::Idle => to.step(s, who, "looks", |n| {
                if !n.begun[i] {
                    n.must[i] = n.record.returned;
                    n.begun[i] = true;
                }
                match n.value {
                    Some((value, true)) => answer(n, i, value),
                    Some((value, false)) => n.phases[i] = Phase::Looked(Some(value)),
                    None => n.phases[i] = Phase::Looked(None),
                }
            }),
            Phase::Looked(found) => to.step(s, who, "joins, or asks for the lease", |n| {
                self.refresh(n, i, found);
            }),
            Phase::Refreshing { fallback, value, answered } => {
                if let (Kind::Timeout, Some(stale), false) = (self.kind, fallback, answered) {
                    to.step(s, who, "is answered, its body goes on", |n| {
                        n.record.serve(n.must[i], stale);
                        n.phases[i] = Phase::Refreshing { fallback, value, answered: true };
                    });
                }
                to.step(s, who, "fills", |n| {
                    let stored = n.lease == Some(i) || self.bug == Bug::FillsUnchecked;
                    if stored {
                        n.value = Some((value, true));
                        n.lease = None;
                    }
                    if !answered {
                        n.record.serve(n.must[i], value);
                    }
                    n.phases[i] = Phase::Done;
                    for j in joined(n, i) {
                        if stored { answer(n, j, value) } else { n.phases[j] = Phase::Idle }
                    }
                });
                if s.errors > 0 {
                    to.step(s, who, "fails, releases", |n| {
                        n.errors -= 1;
                        n.record.excuse();
                        n.lease = n.lease.filter(|&holder| holder != i);
                        if let (Kind::IfError, Some(stale)) = (self.kind, fallback) {
                            n.record.serve(n.must[i], stale);
                        }
                        n.phases[i] = Phase::Done;
                        for j in joined(n, i) {
                            let Phase::Joined(own, _) = n.phases[j] else { continue };
                            let shared = fallback.filter(|_| self.bug == Bug::SharesFallback);
                            match own.or(shared) {
                                Some(stale) => answer(n, j, stale),
                                None => n.phases[j] = Phase::Done, // computes for itself
                            }
                        }
                    });
                }
            }
            Phase::Joined(..) | Phase::Done => {}
        }
    }

    fn refresh(&self, n: &mut State, i: usize, found: Option<Value>) {
        let neighbour = [1, 0, 2][i];
        if neighbour != i && matches!(n.phases[neighbour], Phase::Refreshing { .. }) {
            match (self.kind, found) {
                (Kind::Behind, Some(stale)) => answer(n, i, stale),
                _ => n.phases[i] = Phase::Joined(found, neighbour),
            }
            return;
        }
        match (n.value, n.lease) {
            (Some((value, true)), _) if self.bug != Bug::RefreshesAgain => answer(n, i, value),
            (_, None) => {
                n.lease = Some(i);
                let value = n.record.body();
                let at_once = found.filter(|_| self.kind == Kind::Behind);
                if let Some(stale) = at_once {
                    n.record.serve(n.must[i], stale);
                }
                let answered = at_once.is_some();
                n.phases[i] = Phase::Refreshing { fallback: found, value, answered };
            }
            (_, Some(_)) => match found {
                Some(stale) => answer(n, i, stale),
                None => n.phases[i] = Phase::Idle, // polls
            },
        }
    }

    fn invalidator(&self, s: &State, to: &mut Steps<State>) {
        match s.invalidation {
            0 if !self.calm => to.step(s, "writer", "calls invalidate", |n| {
                n.record.called = 1;
                n.record.excuse();
                n.invalidation = 1;
            }),
            1 => to.step(s, "redis", "carries out the invalidation", |n| {
                n.value = None;
                n.lease = None;
                n.invalidation = 2;
            }),
            2 => to.step(s, "writer", "returns", |n| {
                n.record.returned = 1;
                n.invalidation = 3;
            }),
            _ => {}
        }
    }
}

fn answer(n: &mut State, i: usize, value: Value) {
    n.record.serve(n.must[i], value);
    n.phases[i] = Phase::Done;
}

fn joined(n: &State, leader: usize) -> Vec<usize> {
    let of = |j: &usize| matches!(n.phases[*j], Phase::Joined(_, l) if l == leader);
    (0..3).filter(of).collect()
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State {
            value: Some((0, false)),
            lease: None,
            phases: [Phase::Idle; 3],
            must: [0; 3],
            begun: [false; 3],
            record: Record::default(),
            invalidation: 0,
            errors: u8::from(!self.calm),
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for i in 0..3 {
            self.call(s, i, to);
        }
        self.invalidator(s, to);
        if let Some((_, false)) = s.value {
            to.step(s, "redis", "expires the stale value", |n| n.value = None);
        }
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.record.broken
    }

    fn settled(&self, s: &State) -> bool {
        s.phases.iter().all(|phase| *phase == Phase::Done)
    }
}

const KINDS: [Kind; 3] = [Kind::Behind, Kind::Timeout, Kind::IfError];

#[test]
fn no_kind_of_refresh_outlives_an_invalidation() {
    for kind in KINDS {
        holds("refresh", &Model { kind, bug: Bug::None, calm: false });
        holds("refresh, calm", &Model { kind, bug: Bug::None, calm: true });
    }
}

#[test]
fn every_known_mistake_with_refreshes_is_found() {
    for kind in KINDS {
        let with = |bug, calm| Model { kind, bug, calm };
        breaks("a refresh that fills unchecked", &with(Bug::FillsUnchecked, false), G3);
        breaks("a refresh of what is fresh again", &with(Bug::RefreshesAgain, true), G4);
    }
    let shared = Model { kind: Kind::IfError, bug: Bug::SharesFallback, calm: false };
    breaks("a joiner that takes its leader's stale value", &shared, G3);
}
