//! Tags that are known only when their entry has been computed (`tags_with`): two processes that
//! compute one entry whose value says the tag, and invalidations of that and of others.
//!
//! The place in a log of invalidated tags is marked before the body begins. Behind it the order is
//! token, log, value; and of an invalidation log first, then the tag. What the log cannot know
//! any more voids. Nothing is logged while there is no log.
//!
//! Where log and tag are on different nodes the tag is changed once beside the log, so that a log that
//! does not answer keeps nobody from that, and in any case once more behind it.

mod steps;

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G3, Record, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    NeverAsksTheLog,
    MarksAfterTheBodyBegan,
    AsksTheLogBeforeTheToken,
    /// The tag is changed beside the log, and not once more behind it.
    ChangesOnce,
    /// It is changed once more only if the log was there: it may have been lost after it was asked.
    NoLogIsEnough,
    /// The tag is softened twice by one draw, which changes nothing the second time.
    SoftensAlike,
    /// That there is no log is known from before the call.
    KnewOfNoLog,
    /// A log that is missing, or another one, has nothing of the tag, so it was not invalidated.
    LostLogKnows,
    /// The log has forgotten what was long ago, so it was not invalidated.
    TrimmedLogKnows,
    /// What answers after a failover is compared with a mark from before.
    TrustsAnotherServer,
}

#[derive(Clone, Copy)]
struct Model {
    bug: Bug,
    invalidations: usize,
    /// Value, tag and log are on three nodes, so that no command sees two of them.
    apart: bool,
    /// Whether the token is replaced, and not removed.
    soft: bool,
    /// How often Redis may evict the log.
    evictions: u8,
    /// How often other tags are invalidated.
    others: u8,
    /// Whether the log's node may fail over to a replica, which is behind.
    fails_over: bool,
}

const CORRECT: Model = Model {
    bug: Bug::None,
    invalidations: 1,
    apart: false,
    soft: false,
    evictions: 0,
    others: 0,
    fails_over: false,
};

/// How many invalidations the log remembers.
const KEPT: u8 = 1;

type Token = u8;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Entry {
    fill: u8,
    token: Token,
    value: Value,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Log {
    epoch: u8,
    number: u8,
    /// The number of the tag's last invalidation, if it is remembered.
    last: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Mark {
    epoch: u8,
    number: u8,
    /// Which server said it.
    server: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    HasValue(Option<Entry>),
    /// About to ask for the lease, having seen a value that does not count.
    Asking(Option<u8>),
    /// Has the lease, and has not marked yet.
    Leased,
    Ready(Option<Mark>),
    Computing(Option<Mark>, Value),
    Computed(Mark, Value),
    /// Has the token, and the log is to be asked.
    HasToken(Mark, Value, Token),
    /// The log has been asked, and the token is to be read.
    Asked(Value),
    Filling(Value, Token),
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Invalidating {
    Idle,
    /// It was seen that there is no log.
    Knows,
    /// Whether there is a log, once that is answered; and whether the tag has been changed beside it.
    Called {
        logged: Option<bool>,
        changed: bool,
    },
    Changed,
    Returned,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    entry: Option<Entry>,
    tag: Option<Token>,
    log: Option<Log>,
    /// What the replica of the log's node has.
    replica: Option<Log>,
    /// How often that node has failed over.
    server: u8,
    lease: Option<usize>,
    callers: [(Phase, u8); 2],
    invalidators: [Invalidating; 2],
    record: Record,
    evictions: u8,
    others: u8,
    next: u8,
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State {
            entry: None,
            tag: None,
            log: None,
            replica: None,
            server: 0,
            lease: None,
            callers: [(Phase::Idle, 0); 2],
            invalidators: [Invalidating::Idle; 2],
            record: Record::default(),
            evictions: self.evictions,
            others: self.others,
            next: 1,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for i in 0..2 {
            self.caller(s, i, to);
        }
        for i in 0..self.invalidations {
            self.invalidator(s, i, to);
        }
        self.redis(s, to);
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.record.broken
    }

    fn settled(&self, s: &State) -> bool {
        s.callers.iter().all(|caller| caller.0 == Phase::Done)
    }
}

#[test]
fn no_computation_escapes_a_tag_that_its_value_says() {
    holds("own tags", &Model { invalidations: 2, evictions: 1, ..CORRECT });
    holds("own tags on other nodes", &Model { apart: true, ..CORRECT });
    holds("two invalidations", &Model { apart: true, invalidations: 2, ..CORRECT });
    holds("soft ones", &Model { apart: true, soft: true, invalidations: 2, ..CORRECT });
    holds("a log that is evicted", &Model { apart: true, evictions: 2, ..CORRECT });
    holds("a log that is trimmed", &Model { apart: true, others: 3, ..CORRECT });
    holds("a log that fails over", &Model { apart: true, fails_over: true, others: 1, ..CORRECT });
}

#[test]
fn every_known_mistake_with_the_log_is_found() {
    let with = |bug| Model { bug, apart: true, ..CORRECT };
    breaks("a log that nobody asks", &with(Bug::NeverAsksTheLog), G3);
    breaks("a mark after the body began", &with(Bug::MarksAfterTheBodyBegan), G3);
    breaks("the log before the token", &with(Bug::AsksTheLogBeforeTheToken), G3);
    breaks("the tag beside the log, and not behind it", &with(Bug::ChangesOnce), G3);
    let lost = Model { evictions: 1, ..with(Bug::NoLogIsEnough) };
    breaks("the tag not behind a log that is not there", &lost, G3);
    let alike = Model { soft: true, ..with(Bug::SoftensAlike) };
    breaks("one soft token for both times", &alike, G3);
    breaks("a log that there was not before", &with(Bug::KnewOfNoLog), G3);
    let lost = Model { evictions: 1, ..with(Bug::LostLogKnows) };
    breaks("a log that was lost", &lost, G3);
    let trimmed = Model { others: 2, ..with(Bug::TrimmedLogKnows) };
    breaks("a log that was trimmed", &trimmed, G3);
    let other = Model { fails_over: true, ..with(Bug::TrustsAnotherServer) };
    breaks("a mark that another server reads", &other, G3);
}
