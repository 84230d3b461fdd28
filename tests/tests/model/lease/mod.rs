//! The lease: three callers, each in a process of its own, that miss one key, while it is
//! invalidated and messages are late or lost.
//!
//! A command is sent, carried out by Redis and answered in separate steps. One that times out
//! here stays on its way: it may be carried out at any later time, or never.

mod steps;

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G3, G4, Record, Reply, Slot, Token, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    FillsUnchecked,
    InvalidatesValueOnly,
    RenewalRecreates,
    RenewalSteals,
    LateAcquisitionFills,
    RetriesWithOneToken,
    ReleasesUnchecked,
    LeaseWithoutLife,
}

#[derive(Clone, Copy)]
struct Model {
    bug: Bug,
    callers: usize,
    invalidations: u8,
    /// The release of a timed-out acquisition goes behind it on the same connection.
    ordered: bool,
    /// A timed-out acquisition is tried again, with a new token.
    retries: bool,
    /// Waiting ends by itself.
    bounded: bool,
    /// How many commands may time out.
    timeouts: u8,
    crashes: u8,
}

const CORRECT: Model = Model {
    bug: Bug::None,
    callers: 2,
    invalidations: 1,
    ordered: true,
    retries: false,
    bounded: true,
    timeouts: 1,
    crashes: 1,
};

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Asking,
    Answered(Reply),
    Waiting,
    /// With the lease, or without (and then nothing is stored).
    Computing(bool, Value),
    Filling(Value),
    Done,
    Dead,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Caller {
    phase: Phase,
    must: u8,
    token: Token,
    /// On their way, with nobody waiting for the answer.
    stray_acquire: Option<Token>,
    stray_release: Option<Token>,
    stray_fill: Option<Value>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    slot: Slot,
    callers: [Caller; 3],
    record: Record,
    /// The invalidation under way: sent, carried out.
    sent: bool,
    carried_out: bool,
    /// How much trouble may still happen.
    timeouts: u8,
    stalls: u8,
    crashes: u8,
    errors: u8,
}

const NAMES: [&str; 3] = ["caller a", "caller b", "caller c"];

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        let caller = |token| Caller {
            phase: if usize::from(token) < self.callers { Phase::Idle } else { Phase::Done },
            must: 0,
            token,
            stray_acquire: None,
            stray_release: None,
            stray_fill: None,
        };
        State {
            slot: Slot::default(),
            callers: [caller(0), caller(1), caller(2)],
            record: Record::default(),
            sent: false,
            carried_out: false,
            timeouts: self.timeouts,
            stalls: 1,
            crashes: self.crashes,
            errors: 1,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for i in 0..self.callers {
            self.caller(s, i, to);
            self.strays(s, i, to);
        }
        self.invalidator(s, to);
        self.expiry(s, to);
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.record.broken
    }

    fn settled(&self, s: &State) -> bool {
        s.callers.iter().all(|c| matches!(c.phase, Phase::Done | Phase::Dead))
    }
}

#[test]
fn the_lease_keeps_its_promises() {
    holds("lease, 2 callers, 2 invalidations", &Model { invalidations: 2, ..CORRECT });
    holds("lease, 3 callers", &Model { callers: 3, timeouts: 0, ..CORRECT });
    holds("lease, releases out of order", &Model { ordered: false, ..CORRECT });
    holds("lease, retries", &Model { retries: true, ordered: false, ..CORRECT });
    let patient = Model { bounded: false, timeouts: 0, invalidations: 0, ..CORRECT };
    holds("lease, nobody stops waiting", &Model { callers: 3, ..patient });
}

#[test]
fn every_known_mistake_with_leases_is_found() {
    let with = |bug| Model { bug, ..CORRECT };
    breaks("a fill that is not checked", &with(Bug::FillsUnchecked), G3);
    breaks("an invalidation that leaves the lease", &with(Bug::InvalidatesValueOnly), G3);
    breaks("a renewal that resurrects a voided lease", &with(Bug::RenewalRecreates), G3);
    let steals = Model { callers: 3, ..with(Bug::RenewalSteals) };
    breaks("a renewal that takes its successor's lease", &steals, G3);
    breaks("an acquisition that happens after its time-out", &with(Bug::LateAcquisitionFills), G3);
    breaks("a retry with the same token", &with(Bug::RetriesWithOneToken), G3);
    let three = Model { callers: 3, ..with(Bug::ReleasesUnchecked) };
    breaks("a release that is not checked", &three, G4);
    let forever =
        Model { bounded: false, timeouts: 0, invalidations: 0, ..with(Bug::LeaseWithoutLife) };
    breaks("a lease without a life", &forever, "stuck");
}

#[test]
fn a_release_behind_its_acquisition_frees_the_lease_before_its_life_ends() {
    let bug = Bug::LeaseWithoutLife; // so that nothing but the release can free it
    let ordered = Model { bug, bounded: false, crashes: 0, invalidations: 0, ..CORRECT };
    holds("a release on the same connection", &ordered);
    let overtaken = Model { ordered: false, ..ordered };
    breaks("a release that overtakes its acquisition", &overtaken, "stuck");
}
