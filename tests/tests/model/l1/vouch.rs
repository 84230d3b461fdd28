//! How old what is served can be: at most a second older than when it was current, whatever the
//! connection does and however long the process is stopped.
//!
//! An answered heartbeat says that all pushes before it have been applied. It vouches from when it
//! was *sent*; time is counted in ticks, and a second has two.

use crate::explore::{Protocol, Steps, breaks, holds};

const I4: &str = "I4: served, and not current at any time within the last second";
const SECOND: u8 = 2;
const END: u8 = 6;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// What is kept is served whether or not anything vouches for it.
    NothingVouches,
    /// From when the answer came.
    FromArrival,
    /// By the time that a thread notes now and then, which is the old one after the process was
    /// stopped.
    NotedTime,
    /// The heartbeat is answered before pushes that are waiting, as in broadcasting mode.
    PongOvertakes,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    Push,
    /// An answer to what was sent then.
    Answer(u8),
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    now: u8,
    /// As the thread that notes it has it.
    noted: u8,
    /// When the value that is kept was replaced in Redis.
    replaced: Option<u8>,
    kept: bool,
    wire: Vec<Message>,
    heartbeat: Option<u8>,
    vouched_until: u8,
}

struct Model(Bug);

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State {
            now: 0,
            noted: 0,
            replaced: None,
            kept: true,
            wire: Vec::new(),
            heartbeat: None,
            vouched_until: SECOND,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        if s.now < END {
            to.step(s, "time", "goes on", |n| n.now += 1);
        }
        if s.noted < s.now {
            to.step(s, "thread", "notes the time", |n| n.noted = n.now);
        }
        if s.replaced.is_none() {
            to.step(s, "another process", "replaces the value", |n| {
                n.replaced = Some(n.now);
                n.wire.push(Message::Push);
            });
        }
        if s.heartbeat.is_none() && s.wire.len() < 2 {
            to.step(s, "this process", "sends a heartbeat", |n| n.heartbeat = Some(n.now));
        }
        if let Some(sent) = s.heartbeat {
            to.step(s, "redis", "answers the heartbeat", |n| {
                n.heartbeat = None;
                let at = if self.0 == Bug::PongOvertakes { 0 } else { n.wire.len() };
                n.wire.insert(at, Message::Answer(sent));
            });
        }
        if let Some(message) = s.wire.first().copied() {
            to.step(s, "connection", "delivers the next message", |n| {
                n.wire.remove(0);
                match message {
                    Message::Push => n.kept = false,
                    Message::Answer(sent) => {
                        let from = if self.0 == Bug::FromArrival { n.now } else { sent };
                        n.vouched_until = n.vouched_until.max(from + SECOND);
                    }
                }
            });
        }
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        let now = if self.0 == Bug::NotedTime { s.noted } else { s.now };
        let vouched = now < s.vouched_until || self.0 == Bug::NothingVouches;
        let old = s.replaced.is_some_and(|replaced| replaced + SECOND < s.now);
        (s.kept && vouched && old).then_some(I4)
    }

    fn settled(&self, _: &State) -> bool {
        true // nobody waits
    }
}

#[test]
fn what_is_served_was_current_within_the_last_second() {
    holds("l1, vouched for", &Model(Bug::None));
}

#[test]
fn every_known_mistake_with_heartbeats_is_found() {
    for (name, bug) in [
        ("nothing vouches", Bug::NothingVouches),
        ("vouching from the answer's arrival", Bug::FromArrival),
        ("a time that stood still with the process", Bug::NotedTime),
        ("a pong that overtakes pushes", Bug::PongOvertakes),
    ] {
        breaks(name, &Model(bug), I4);
    }
}
