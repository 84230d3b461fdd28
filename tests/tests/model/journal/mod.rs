//! Invalidations that cannot reach Redis: queued here, replayed later.
//!
//! Two callers in this process, one in another that always reaches Redis, and two writers in
//! this process whose invalidations may fail. For this process an invalidation counts from its
//! return; for the other one from when Redis has acknowledged it or its replay.

mod steps;

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G3, Record, Slot, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// Looks whether the key is distrusted, and enters the map in a later step.
    ChecksThenEnters,
    /// The flight is detached when the invalidation is called, not again when it is queued.
    QueuesWithoutDetaching,
    /// An acknowledged replay removes the key's entry, whatever was queued meanwhile.
    RemovesNewer,
    TrustsWhenSent,
    /// A full journal drops what does not fit.
    Drops,
}

#[derive(Clone, Copy)]
struct Model {
    bug: Bug,
    /// The journal has overflowed: the whole prefix is distrusted, and what is replayed is a
    /// clear, which deletes leases first and values second.
    overflow: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Reading {
    Idle,
    /// May read Redis or not; not in the map yet.
    Checked(bool),
    Leading(bool),
    /// A read was sent when the other had or had not joined.
    Asking(bool),
    Answered(Option<Value>, bool),
    Joined,
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Writing {
    Idle,
    Sent,
    CarriedOut,
    Queued,
    Done,
}

/// A replay under way: the writers it stands for, and how many of its steps Redis has carried
/// out.
type Replay = (u8, u8);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    slot: Slot,
    readers: [(Reading, u8); 2],
    flight: Option<usize>,
    writers: [Writing; 2],
    /// None: the key is trusted. Otherwise whether something was queued after the replay was
    /// sent (in the code: whether the number of the entry has changed).
    entry: Option<bool>,
    replay: Option<Replay>,
    /// `returned` is for the other process, `local` for this one.
    record: Record,
    local: u8,
    /// The other process' computation, and how many it still makes.
    remote: Option<Value>,
    remote_calls: u8,
}

const READERS: [&str; 2] = ["reader a", "reader b"];
const WRITERS: [&str; 2] = ["writer 1", "writer 2"];

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State {
            slot: Slot { value: Some(0), lease: None },
            readers: [(Reading::Idle, 0); 2],
            flight: None,
            writers: [Writing::Idle; 2],
            entry: None,
            replay: None,
            record: Record::default(),
            local: 0,
            remote: None,
            remote_calls: if self.overflow { 1 } else { 2 },
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for i in 0..2 {
            if i == 0 || s.readers[0].0 != Reading::Idle {
                self.reader(s, i, to); // they are alike, so one of them may be the first
            }
            self.writer(s, i, to);
        }
        self.replay(s, to);
        Self::remote(s, to);
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.record.broken
    }

    fn settled(&self, s: &State) -> bool {
        s.entry.is_none() && s.readers.iter().all(|reader| reader.0 == Reading::Done)
    }
}

#[test]
fn a_queued_invalidation_holds_here_at_once_and_everywhere_after_its_replay() {
    for overflow in [false, true] {
        holds("journal", &Model { bug: Bug::None, overflow });
    }
}

#[test]
fn every_known_mistake_with_the_journal_is_found() {
    let with = |bug| Model { bug, overflow: false };
    breaks("distrust looked up outside the lock", &with(Bug::ChecksThenEnters), G3);
    breaks("queued without detaching again", &with(Bug::QueuesWithoutDetaching), G3);
    breaks("a replay that removes what was queued after it", &with(Bug::RemovesNewer), G3);
    breaks("trust before the replay is acknowledged", &with(Bug::TrustsWhenSent), G3);
    breaks("an overflow that forgets", &with(Bug::Drops), G3);
    let clear = Model { overflow: true, ..with(Bug::RemovesNewer) };
    breaks("a clear that removes what was queued in it", &clear, G3);
}
