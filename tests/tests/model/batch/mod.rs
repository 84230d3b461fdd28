//! Batches: two calls of two keys each, in opposite orders, and one call of a single key, each in a
//! process of its own, while one key is invalidated and a call fails, is dropped or is killed.
//!
//! A batch computes what it has the leases of, and only then waits for the leases of others,
//! holding none. What one process' flights are to its callers is the same with leases that never
//! end, which is what these are while their holder lives.

mod steps;

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G3, Record, Slot, Token, Value};

/// A set of keys, a bit each.
type Keys = u8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// The body begins when the call has all leases.
    WaitsWhileHolding,
    /// The second body stores what others have the lease of.
    StoresUnleased,
    /// What is invalidated in mid-body is stored all the same.
    FillsUnchecked,
    /// The second body is run for all keys again.
    ComputesTwice,
    /// A call that is dropped keeps its leases, which do not end either.
    KeepsLeases,
}

#[derive(Clone, Copy)]
struct Model {
    bug: Bug,
    /// Waiting ends by itself.
    bounded: bool,
    /// How many calls fail, are dropped, and are killed.
    errors: u8,
    drops: u8,
    crashes: u8,
    invalidations: u8,
}

const CALM: Model =
    Model { bug: Bug::None, bounded: false, errors: 0, drops: 0, crashes: 0, invalidations: 0 };

const TWICE: &str = "G1: one call computes a key twice";

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    /// Asks for these leases, one command each; they are sent together.
    Asking(Keys),
    Waiting,
    /// Runs its body for these keys, which return what is as new as this.
    Computing(Keys, Value),
    /// Fills these.
    Filling(Keys, Value),
    Done,
    Dead,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Caller {
    phase: Phase,
    /// What it has no value of yet.
    left: Keys,
    /// What it has the lease of.
    held: Keys,
    computed: Keys,
    bodies: u8,
    must: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    slots: [Slot; 2],
    callers: [Caller; 3],
    /// Of each key. Only the first one is invalidated.
    records: [Record; 2],
    twice: bool,
    sent: bool,
    carried_out: bool,
    errors: u8,
    drops: u8,
    crashes: u8,
}

const NAMES: [&str; 3] = ["batch a", "batch b", "single call"];
/// In which order each asks, and for what.
const ORDERS: [&[usize]; 3] = [&[0, 1], &[1, 0], &[0]];

fn token(caller: usize) -> Token {
    caller as Token
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        let caller = |order: &[usize]| Caller {
            phase: Phase::Idle,
            left: order.iter().map(|key| 1 << key).sum(),
            held: 0,
            computed: 0,
            bodies: 0,
            must: 0,
        };
        State {
            slots: [Slot::default(); 2],
            callers: ORDERS.map(caller),
            records: [Record::default(); 2],
            twice: false,
            sent: false,
            carried_out: false,
            errors: self.errors,
            drops: self.drops,
            crashes: self.crashes,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for i in 0..NAMES.len() {
            self.caller(s, i, to);
            self.trouble(s, i, to);
        }
        self.invalidator(s, to);
        self.expiry(s, to);
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.records.iter().find_map(|record| record.broken).or(s.twice.then_some(TWICE))
    }

    fn settled(&self, s: &State) -> bool {
        s.callers.iter().all(|c| matches!(c.phase, Phase::Done | Phase::Dead))
    }
}

#[test]
fn batches_that_overlap_keep_their_promises() {
    holds("batches, calm", &CALM);
    for bounded in [false, true] {
        let calm = Model { bounded, ..CALM };
        holds("batches, invalidated in mid-body", &Model { invalidations: 1, ..calm });
        holds("batches, one fails", &Model { errors: 1, ..calm });
        holds("batches, one is dropped", &Model { drops: 1, ..calm });
        holds("batches, one is killed", &Model { crashes: 1, ..calm });
    }
}

#[test]
fn every_known_mistake_with_batches_is_found() {
    let with = |bug| Model { bug, ..CALM };
    breaks("a batch that waits while it holds leases", &with(Bug::WaitsWhileHolding), "stuck");
    let invalidated = |bug| Model { invalidations: 1, ..with(bug) };
    let impatient = Model { bounded: true, ..invalidated(Bug::StoresUnleased) };
    breaks("a batch that stores what it has no lease of", &impatient, G3);
    breaks("a fill of a batch that is not checked", &invalidated(Bug::FillsUnchecked), G3);
    let failing = Model { errors: 1, ..with(Bug::ComputesTwice) };
    breaks("a second body for what the first has computed", &failing, TWICE);
    let dropped = Model { drops: 1, ..with(Bug::KeepsLeases) };
    breaks("a batch that is dropped and keeps its leases", &dropped, "stuck");
}
