//! Tags that are not read in one message with their value: they are on another node, or the value
//! says them.
//!
//! They are read by a connection that tracks them, which may be another one than the value's. What is
//! kept counts for as long as nothing was heard of the tag, and that connection's seat has lost
//! nothing, since before the tag was asked for. `vouch` holds for each seat by itself.

use crate::explore::{Protocol, Steps, breaks, holds};

const I2: &str = "I2: served, invalidated, and no push of that is on its way";
const I6: &str = "I6: served, and the connection that read its tag is lost";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// What is kept outlives the connection by which its tag was read.
    LossIgnored,
    /// The losses are noted when the tag has been read.
    LossNotedLate,
    /// A connection that was given up is asked for the tag, since it answers still.
    AsksWhatWasGivenUp,
    /// The count is noted when the tag has been read.
    NotedLate,
    /// The tag is another node's by now, and its old one says nothing more of it.
    OwnerIgnored,
}

/// What is on the way from the tag's node.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    Reply(Option<u8>),
    Push,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Noted {
    count: u8,
    losses: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Reader {
    /// Has the value, of which this is the token, and a connection for its tag.
    HasValue(u8),
    Sent(u8, Noted),
    Answered(u8, Noted),
    Read(u8, Option<u8>, Noted),
    Idle,
}

/// The connection to the tag's node.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Line {
    InUse,
    /// Left for another one, and answering what was sent by it before.
    GivenUp,
    /// Cut, which this process does not know yet.
    Cut,
    None,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    /// The tag's token, and that of the value.
    tag: Option<u8>,
    value: u8,
    registered: bool,
    /// Whether the tag has another node by now, and this process does not know yet.
    moved: bool,
    line: Line,
    wire: Vec<Message>,
    count: u8,
    losses: u8,
    kept: Option<(u8, Noted)>,
    reader: Reader,
    changes: u8,
    troubles: u8,
}

impl State {
    fn noted(&self) -> Noted {
        Noted { count: self.count, losses: self.losses }
    }

    fn pushes(&mut self) {
        if std::mem::take(&mut self.registered) && matches!(self.line, Line::InUse) {
            self.wire.push(Message::Push);
        }
    }
}

struct Model(Bug);

impl Model {
    fn reader(&self, s: &State, to: &mut Steps<State>) {
        match s.reader {
            // It has the connection that was in use then.
            Reader::Idle if s.line == Line::InUse => {
                to.step(s, "reader", "reads the value", |n| n.reader = Reader::HasValue(n.value));
            }
            Reader::HasValue(value) => {
                to.step(s, "reader", "notes what there is to note, asks for the tag", |n| {
                    let is_in_use = matches!(n.line, Line::InUse | Line::Cut);
                    n.reader = match is_in_use || self.0 == Bug::AsksWhatWasGivenUp {
                        true => Reader::Sent(value, n.noted()),
                        false => Reader::Idle, // and keeps nothing
                    };
                });
            }
            Reader::Sent(value, noted) if matches!(s.line, Line::InUse | Line::GivenUp) => {
                to.step(s, "redis", "answers the reader", |n| {
                    n.registered = n.line == Line::InUse && !n.moved && n.tag.is_some();
                    n.wire.push(Message::Reply(n.tag));
                    n.reader = Reader::Answered(value, noted);
                });
            }
            Reader::Sent(..) if s.line == Line::None => {
                to.step(s, "reader", "gets no answer", |n| n.reader = Reader::Idle);
            }
            Reader::Read(value, tag, mut noted) => {
                to.step(s, "reader", "keeps it, or not", |n| {
                    match self.0 {
                        Bug::LossNotedLate => noted.losses = n.losses,
                        Bug::NotedLate => noted.count = n.count,
                        _ => {}
                    }
                    if tag == Some(value) {
                        n.kept = Some((value, noted));
                    }
                    n.reader = Reader::Idle;
                });
            }
            Reader::Idle | Reader::Sent(..) | Reader::Answered(..) => {}
        }
    }

    fn others(&self, s: &State, to: &mut Steps<State>) {
        if s.changes > 0 {
            to.step(s, "another process", "invalidates the tag, computes the value anew", |n| {
                n.changes -= 1;
                n.pushes();
                n.value += 1;
                n.tag = Some(n.value);
                // The value's own push, which is not what this is about.
                n.kept = None;
            });
            to.step(s, "another process", "invalidates the tag", |n| {
                n.changes -= 1;
                if n.tag.take().is_some() {
                    n.pushes();
                }
            });
        }
        if s.troubles > 0 && !s.moved {
            to.step(s, "cluster", "moves the tag to another node", |n| {
                n.troubles -= 1;
                (n.moved, n.registered) = (true, false);
            });
        }
        if s.moved {
            to.step(s, "this process", "hears of the tag's new node", |n| {
                n.moved = false;
                n.losses += u8::from(self.0 != Bug::OwnerIgnored);
                // It asks there from now on, and what comes from the old node is of no use.
                if let Reader::Sent(..) | Reader::Answered(..) | Reader::Read(..) = n.reader {
                    n.reader = Reader::Idle;
                    n.wire.retain(|message| *message == Message::Push);
                }
            });
        }
    }

    fn connection(&self, s: &State, to: &mut Steps<State>) {
        let lost = |n: &mut State, line| {
            n.line = line;
            n.losses += u8::from(self.0 != Bug::LossIgnored);
        };
        if s.line == Line::InUse && s.troubles > 0 {
            to.step(s, "network", "cuts the connection", |n| {
                n.troubles -= 1;
                (n.line, n.registered) = (Line::Cut, false);
                n.wire.clear();
            });
            to.step(s, "this process", "gives the connection up", |n| {
                n.troubles -= 1;
                n.registered = false;
                n.wire.retain(|message| *message != Message::Push);
                lost(n, Line::GivenUp);
            });
        }
        if s.line == Line::Cut {
            to.step(s, "this process", "sees that the connection is lost", |n| {
                lost(n, Line::None);
                if let Reader::Answered(..) = n.reader {
                    n.reader = Reader::Idle;
                }
            });
        }
        if matches!(s.line, Line::None | Line::GivenUp)
            && !matches!(s.reader, Reader::Sent(..) | Reader::Answered(..))
        {
            to.step(s, "this process", "has another connection", |n| n.line = Line::InUse);
        }
        let Some(message) = s.wire.first().copied().filter(|_| s.line != Line::Cut) else { return };
        to.step(s, "connection", "delivers the next message", |n| {
            n.wire.remove(0);
            match (message, n.reader) {
                (Message::Push, _) => n.count += 1,
                (Message::Reply(tag), Reader::Answered(value, noted)) => {
                    n.reader = Reader::Read(value, tag, noted);
                }
                (Message::Reply(_), _) => {}
            }
        });
    }
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State {
            tag: Some(0),
            value: 0,
            registered: false,
            moved: false,
            line: Line::InUse,
            wire: Vec::new(),
            count: 0,
            losses: 0,
            kept: None,
            reader: Reader::Idle,
            changes: 2,
            troubles: 2,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        self.reader(s, to);
        self.others(s, to);
        self.connection(s, to);
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        let (token, noted) = s.kept?;
        if noted != s.noted() || s.tag == Some(token) {
            return None;
        }
        match s.line {
            // What is cut or moved is known within the time of `vouch`.
            Line::Cut => None,
            _ if s.moved => None,
            Line::None | Line::GivenUp => Some(I6),
            Line::InUse => (!s.wire.contains(&Message::Push)).then_some(I2),
        }
    }

    fn settled(&self, s: &State) -> bool {
        s.reader == Reader::Idle
    }
}

#[test]
fn what_is_kept_ends_with_its_tags_wherever_they_are() {
    holds("l1, with tags apart", &Model(Bug::None));
}

#[test]
fn every_known_mistake_with_tags_apart_is_found() {
    for (name, bug, promise) in [
        ("what outlives its tag's connection", Bug::LossIgnored, I6),
        ("losses noted once the tag is read", Bug::LossNotedLate, I6),
        ("a tag read by a connection that was given up", Bug::AsksWhatWasGivenUp, I6),
        ("the count noted once the tag is read", Bug::NotedLate, I2),
        ("a change of the tag's owner that loses nothing", Bug::OwnerIgnored, I2),
    ] {
        breaks(name, &Model(bug), promise);
    }
}
