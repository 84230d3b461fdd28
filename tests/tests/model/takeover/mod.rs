//! Leases that nobody will give back, and keys that are left alone: two callers of one process and
//! one of another miss one key, while connections die under their commands, somebody else writes
//! into the lease's key, and a task of its own renews what is held.
//!
//! Waiting has no end of its own here, so that whoever waits for what never comes is found.

mod steps;

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G3, G4, Record, Token, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// What is no lease, or has no end, is waited for.
    WaitsForForeign,
    /// To see that it is none and to take it are two steps.
    LooksThenTakes,
    /// A request does not name the tokens that its process has left behind.
    NamesNothing,
    /// It names those that are held by others of its process, too.
    NamesTheLiving,
    /// The caller's task renews: not while its body blocks the thread.
    CallerRenews,
    /// Renewals do not end with who held the lease.
    RenewsForTheDead,
    /// A renewal that comes late makes the lease anew.
    RenewalRecreates,
    /// A key that is left alone is not invalidated either.
    LeavesInvalidations,
    /// It is stored all the same.
    StoresUnleased,
}

#[derive(Clone, Copy)]
struct Model {
    bug: Bug,
    callers: usize,
    invalidations: u8,
    /// How many connections may die.
    losses: u8,
    /// How often somebody else may write into the lease's key.
    foreign: u8,
    /// How often the key may be left alone.
    harms: u8,
}

const CORRECT: Model =
    Model { bug: Bug::None, callers: 3, invalidations: 1, losses: 1, foreign: 1, harms: 0 };

/// What stands in the lease's key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Lease {
    None,
    Token(Token),
    /// A list, say, or a text without an end.
    Foreign,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Asking,
    /// Has seen what is no lease, and is about to take it.
    Looked,
    Waiting,
    /// With the lease, or without.
    Computing(bool, Value),
    /// With the lease, or (by mistake) without.
    Filling(bool, Value),
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Caller {
    phase: Phase,
    must: u8,
    /// On their way, with nobody waiting for the answer.
    stray_acquire: bool,
    stray_release: bool,
    stray_fill: Option<Value>,
    /// A renewal that the renewing task has sent.
    renewal: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    value: Option<Value>,
    lease: Lease,
    callers: [Caller; 3],
    /// Which tokens a process has left behind, a bit each.
    left: [u8; 2],
    /// Whether the first process leaves the key alone.
    alone: bool,
    record: Record,
    /// The invalidation under way: sent, carried out.
    sent: bool,
    carried_out: bool,
    losses: u8,
    foreign: u8,
    harms: u8,
    renewals: u8,
    waits_for_itself: bool,
}

const NAMES: [&str; 3] = ["caller a1", "caller a2", "caller b"];
const PROCESS: [usize; 3] = [0, 0, 1];
const ITSELF: &str = "a process waits for a lease that it has left behind itself";

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        let caller = |i: usize| Caller {
            phase: if i < self.callers { Phase::Idle } else { Phase::Done },
            must: 0,
            stray_acquire: false,
            stray_release: false,
            stray_fill: None,
            renewal: false,
        };
        State {
            value: None,
            lease: Lease::None,
            callers: [caller(0), caller(1), caller(2)],
            left: [0; 2],
            alone: false,
            record: Record::default(),
            sent: false,
            carried_out: false,
            losses: self.losses,
            foreign: self.foreign,
            harms: self.harms,
            renewals: 1,
            waits_for_itself: false,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for i in 0..self.callers {
            self.caller(s, i, to);
            self.strays(s, i, to);
        }
        self.others(s, to);
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.record.broken.or(s.waits_for_itself.then_some(ITSELF))
    }

    fn settled(&self, s: &State) -> bool {
        s.callers.iter().all(|c| c.phase == Phase::Done)
    }
}

/// The key may be left alone, and nothing else goes wrong.
const ALONE: Model = Model { losses: 0, foreign: 0, harms: 1, ..CORRECT };

#[test]
fn nobody_waits_for_what_never_comes() {
    holds("takeover, one loss, one foreign lease", &CORRECT);
    holds("takeover, two losses", &Model { losses: 2, foreign: 0, ..CORRECT });
    holds("a key that is left alone", &ALONE);
}

#[test]
fn every_rule_of_taking_over_is_needed() {
    let with = |bug| Model { bug, ..CORRECT };
    breaks("what is no lease is waited for", &with(Bug::WaitsForForeign), "stuck");
    breaks("it is taken by a second step", &with(Bug::LooksThenTakes), G4);
    breaks("a request names no tokens", &with(Bug::NamesNothing), ITSELF);
    let quiet = Model { losses: 0, foreign: 0, ..CORRECT };
    breaks("it names those of the living", &Model { bug: Bug::NamesTheLiving, ..quiet }, G4);
}

#[test]
fn every_rule_of_renewing_from_elsewhere_is_needed() {
    let quiet = Model { losses: 0, foreign: 0, ..CORRECT };
    let with = |bug| Model { bug, ..quiet };
    breaks("a body that blocks its thread is not renewed", &with(Bug::CallerRenews), G4);
    let lossy = Model { losses: 1, ..with(Bug::RenewsForTheDead) };
    breaks("renewals outlive who held the lease", &lossy, "stuck");
    breaks("a late renewal makes the lease anew", &with(Bug::RenewalRecreates), G3);
}

#[test]
fn every_rule_of_leaving_alone_is_needed() {
    let with = |bug| Model { bug, ..ALONE };
    breaks("an invalidation is left out too", &with(Bug::LeavesInvalidations), G3);
    breaks("what was computed without a lease is stored", &with(Bug::StoresUnleased), G3);
}
