//! Tags: two processes that compute one entry of one tag, a call that joins the first one's flight,
//! and invalidations of the tag by others, which change nothing but the tag's token.
//!
//! An entry carries the token that its tag had before its body began, and counts while the tag has
//! that token. Commands are atomic here; where value and tag are on two nodes, they are two.

mod steps;

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G3, Record, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    ReadsTokenAfterBody,
    MissingIsValid,
    SeedsTheSameToken,
    /// What asks for the lease is answered with a value, whatever the tag says of it.
    ReturnsWhatIsInvalid,
    /// A fill that was acknowledged is handed to those who wait, as if it had been a read.
    HandsOutUnconfirmed,
}

#[derive(Clone, Copy)]
struct Model {
    bug: Bug,
    invalidations: usize,
    /// Value and tag are on two nodes, so that no command sees both.
    apart: bool,
    /// How often Redis may evict the tag.
    evictions: u8,
}

const CORRECT: Model = Model { bug: Bug::None, invalidations: 2, apart: false, evictions: 1 };

/// What a tag is; after each invalidation another one.
type Token = u8;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Entry {
    /// Tells it from what replaces it.
    fill: u8,
    token: Token,
    value: Value,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    /// Half of what a look sees.
    HasValue(Option<Entry>),
    HasToken(Option<Token>),
    /// About to ask for the lease, having seen a value that does not count.
    Asking(Option<u8>),
    /// Has the lease, and not yet the token.
    Leased,
    Ready(Token),
    Computing(Token, Value),
    /// What it has stored was acknowledged.
    Filled(Token, Value),
    Done,
}

/// The call that waits for the first process' flight.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Waiting {
    Idle,
    /// Since before the body began, or after.
    Joined {
        before: bool,
        must: u8,
    },
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Invalidating {
    Idle,
    Called,
    Removed,
    Returned,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    entry: Option<Entry>,
    tag: Option<Token>,
    lease: Option<usize>,
    callers: [(Phase, u8); 2],
    waiter: Waiting,
    invalidators: [Invalidating; 2],
    record: Record,
    evictions: u8,
    /// The next token, and the next fill.
    next: u8,
}

impl Protocol for Model {
    type State = State;

    /// There is an entry from before, whose tag has been invalidated.
    fn start(&self) -> State {
        State {
            entry: Some(Entry { fill: 0, token: 0, value: 0 }),
            tag: None,
            lease: None,
            callers: [(Phase::Idle, 0); 2],
            waiter: Waiting::Idle,
            invalidators: [Invalidating::Idle; 2],
            record: Record::default(),
            evictions: self.evictions,
            next: 1,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for i in 0..2 {
            self.caller(s, i, to);
        }
        self.waiter(s, to);
        for i in 0..self.invalidations {
            self.invalidator(s, i, to);
        }
        if s.evictions > 0 && s.tag.is_some() {
            to.step(s, "redis", "evicts the tag", |n| {
                n.evictions -= 1;
                n.tag = None;
            });
        }
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.record.broken
    }

    fn settled(&self, s: &State) -> bool {
        s.callers.iter().all(|caller| caller.0 == Phase::Done)
            && !matches!(s.waiter, Waiting::Joined { .. })
    }
}

#[test]
fn no_computation_escapes_an_invalidated_tag() {
    holds("tags", &CORRECT);
    holds("tags on other nodes", &Model { apart: true, ..CORRECT });
    holds("a tag that is evicted again and again", &Model { evictions: 3, ..CORRECT });
}

#[test]
fn every_known_mistake_with_tags_is_found() {
    let with = |bug| Model { bug, ..CORRECT };
    breaks("a token that is read after the body", &with(Bug::ReadsTokenAfterBody), G3);
    breaks("a missing tag that counts as valid", &with(Bug::MissingIsValid), G3);
    breaks("a tag that gets its old token again", &with(Bug::SeedsTheSameToken), G3);
    breaks("a request that finds what is invalid", &with(Bug::ReturnsWhatIsInvalid), "stuck");
    breaks("a fill that nobody confirms", &with(Bug::HandsOutUnconfirmed), G3);
}
