//! Single flight within one process: who may take the result of whose computation.
//!
//! Three callers in one process, a rival process that may hold the lease, and an invalidation
//! from another process or from this one. The map holds the one flight that can be joined.

mod steps;

use steps::enter;

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G3, G4, Record, Reply, Slot, Token, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    TakesVoided,
    TakesUnanswered,
    TakesOlderReply,
    TakesUnleased,
    /// The same, and a local invalidation leaves the flight in the map.
    KeepsFlight,
    ClosesWhenFilled,
    /// Joiners whose flight is of no use to them each start again by themselves.
    StartsAgainAlone,
}

#[derive(Clone, Copy)]
struct Model {
    bug: Bug,
    /// Out of reach, flights do not ask Redis at all (the breaker is open).
    reachable: bool,
    /// The invalidation is called in this process; otherwise in another, which reaches Redis.
    local: bool,
    /// Joiners that were there before the body began take its result whatever Redis says.
    early: bool,
    /// The other process takes the lease, too.
    rival: bool,
    /// Nothing goes wrong and nothing is invalidated: exactly one body.
    calm: bool,
}

const CORRECT: Model =
    Model { bug: Bug::None, reachable: true, local: false, early: true, rival: true, calm: false };

/// A set of callers.
type Callers = u8;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Leading,
    /// The command under way was sent when these had joined.
    Asking(Callers),
    Answered(Reply, Callers),
    Waiting,
    /// With the lease or without; these had joined when the body began.
    Computing(bool, Value, Callers),
    Filling(Value, Callers),
    Filled(bool, Value, Callers),
    /// In the flight of another caller.
    Joined(usize),
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Rival {
    Idle,
    Computing(Value),
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    slot: Slot,
    flight: Option<usize>,
    phases: [Phase; 3],
    must: [u8; 3],
    /// How often a caller has waited for a result that it could not take.
    in_vain: [u8; 3],
    rival: Rival,
    record: Record,
    invalidation: u8,
    timeouts: u8,
    stray_fill: Option<(Token, Value)>,
}

const NAMES: [&str; 3] = ["caller a", "caller b", "caller c"];
const RIVAL: Token = 9;
const IN_VAIN: &str = "a caller waited twice in vain, though nothing was invalidated";

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State {
            slot: Slot::default(),
            flight: None,
            phases: [Phase::Idle; 3],
            must: [0; 3],
            in_vain: [0; 3],
            rival: Rival::Idle,
            record: Record::default(),
            invalidation: 0,
            timeouts: u8::from(!self.calm),
            stray_fill: None,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for (i, who) in NAMES.into_iter().enumerate() {
            let idle = |i: usize| s.phases[i] == Phase::Idle && s.in_vain[i] == 0;
            // They are alike, so they may begin in one order.
            if s.phases[i] == Phase::Idle && (i == 0 || !idle(i - 1)) {
                to.step(s, who, "leads or joins", |n| {
                    if n.in_vain[i] == 0 {
                        n.must[i] = n.record.returned; // it begins here
                    }
                    enter(n, i);
                });
            }
            self.leader(s, i, to);
        }
        self.invalidator(s, to);
        self.rival(s, to);
        if let Some((token, value)) = s.stray_fill {
            to.step(s, "redis", "carries out the fill that was given up", |n| {
                n.slot.fill(token, value);
                n.stray_fill = None;
            });
        }
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        // Without Redis nobody promises one body: the third generation is a third body.
        s.record.broken.filter(|why| *why != G4 || self.reachable)
    }

    fn settled(&self, s: &State) -> bool {
        s.phases.iter().all(|phase| *phase == Phase::Done)
    }
}

#[test]
fn joiners_take_only_what_is_proven_new_enough() {
    for local in [false, true] {
        for early in [false, true] {
            holds("flight", &Model { local, early, ..CORRECT });
        }
        let unreachable = Model { reachable: false, rival: false, local, ..CORRECT };
        holds("flight without Redis", &unreachable);
    }
    holds("flight, nothing goes wrong", &Model { calm: true, ..CORRECT });
    let calm = Model { reachable: false, rival: false, calm: true, ..CORRECT };
    holds("flight without Redis, nothing is invalidated", &calm);
}

#[test]
fn every_known_mistake_with_joiners_is_found() {
    let with = |bug| Model { bug, ..CORRECT };
    breaks("a voided fill's bytes", &with(Bug::TakesVoided), G3);
    breaks("an unanswered fill's bytes", &with(Bug::TakesUnanswered), G3);
    breaks("a poll reply sent before the join", &with(Bug::TakesOlderReply), G3);
    breaks("a flight that closes when it is filled", &with(Bug::ClosesWhenFilled), G3);
    breaks("a flight without the lease", &with(Bug::TakesUnleased), G3);
    let alone = |bug, local| Model { bug, local, reachable: false, rival: false, ..CORRECT };
    breaks("bytes without Redis", &alone(Bug::TakesUnleased, false), G3);
    holds("bytes without Redis, nobody else invalidates", &alone(Bug::TakesUnleased, true));
    breaks("a local invalidation that keeps the flight", &alone(Bug::KeepsFlight, true), G3);
    let convoy = Model { calm: true, ..alone(Bug::StartsAgainAlone, false) };
    breaks("joiners that start again one by one", &convoy, IN_VAIN);
}
