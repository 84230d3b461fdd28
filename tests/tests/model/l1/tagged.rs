//! Values with tags: what is kept counts only while each of its tags is what it was when it was read.
//!
//! Tags are read by the tracked connection together with the value, so that a change of one is pushed. Beside each
//! tag stands a count of how often it was heard of; a read notes it before it is sent, and what it brings is served
//! for as long as it is the same. So a push is one addition, however many values have the tag.

use crate::explore::{Protocol, Steps, breaks, holds};

const I2: &str = "I2: served, invalidated, and no push of that is on its way";
const I3: &str = "I3: served, and older than an invalidation of this process that had returned";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// The count is noted when the answer is there.
    NotedLate,
    /// The tag's token is asked for by a connection that tracks nothing.
    ReadElsewhere,
    /// Whatever the tokens say, the value is kept.
    NotJudged,
    PushIgnored,
    /// An invalidation of this process counts before it is sent, and not once it is answered.
    CountsOnlyBefore,
    /// The count goes, and a new one comes in its place, while values are kept that noted it.
    CountForgotten,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Message {
    /// The token of the tag, and that of the value.
    Reply(Option<u8>, u8),
    Tag,
    Value,
}

/// What a read noted: of the tag's count, and which one that is; and of the key's.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Noted {
    which: u8,
    tag: u8,
    key: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Reader {
    Idle,
    Sent(Noted),
    Answered(Noted),
    Read(Noted, Option<u8>, u8),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Invalidation {
    Idle,
    Begun,
    CarriedOut,
    Returned,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    /// The tag's token, and that of the value, in Redis.
    tag: Option<u8>,
    value: u8,
    /// Redis pushes the next change of each.
    tag_registered: bool,
    value_registered: bool,
    wire: Vec<Message>,
    /// The counts of the tag: one that is forgotten is not found any more, but may be noted.
    counts: [u8; 2],
    which: u8,
    key_count: u8,
    kept: Option<(u8, Noted)>,
    reader: Reader,
    invalidation: Invalidation,
    newest: u8,
    must: u8,
    changes: u8,
}

impl State {
    fn count(&self, which: u8) -> u8 {
        self.counts[usize::from(which)]
    }

    fn hears_of_tag(&mut self) {
        self.counts[usize::from(self.which)] += 1;
    }

    /// Only a key that is there can be removed.
    fn loses_tag(&mut self) {
        if self.tag.take().is_some() && std::mem::take(&mut self.tag_registered) {
            self.wire.push(Message::Tag);
        }
    }

    fn served(&self) -> Option<u8> {
        let (token, noted) = self.kept?;
        (self.count(noted.which) == noted.tag).then_some(token)
    }
}

struct Model(Bug);

impl Model {
    fn reader(&self, s: &State, to: &mut Steps<State>) {
        match s.reader {
            Reader::Idle => to.step(s, "reader", "notes the counts, and asks", |n| {
                let noted = Noted { which: n.which, tag: n.count(n.which), key: n.key_count };
                n.reader = Reader::Sent(noted);
            }),
            Reader::Sent(noted) => to.step(s, "redis", "answers the reader", |n| {
                n.tag_registered |= self.0 != Bug::ReadElsewhere && n.tag.is_some();
                n.value_registered = true;
                n.wire.push(Message::Reply(n.tag, n.value));
                n.reader = Reader::Answered(noted);
            }),
            Reader::Read(noted, tag, value) => to.step(s, "reader", "keeps it, or not", |n| {
                let mut noted = noted;
                if self.0 == Bug::NotedLate {
                    (noted.which, noted.tag) = (n.which, n.count(n.which));
                }
                let counts = tag == Some(value) || self.0 == Bug::NotJudged;
                if counts && noted.key == n.key_count {
                    n.kept = Some((value, noted));
                }
                n.reader = Reader::Idle;
            }),
            Reader::Answered(_) => {}
        }
    }

    fn others(&self, s: &State, to: &mut Steps<State>) {
        if s.changes == 0 {
            return;
        }
        if s.tag.is_some() {
            to.step(s, "another process", "invalidates the tag", |n| {
                n.changes -= 1;
                n.loses_tag();
            });
        }
        to.step(s, "another process", "computes the value anew", |n| {
            n.changes -= 1;
            if n.tag.is_none() {
                n.newest += 1;
                n.tag = Some(n.newest);
            }
            n.value = n.tag.unwrap_or_default();
            if std::mem::take(&mut n.value_registered) {
                n.wire.push(Message::Value);
            }
        });
        if self.0 == Bug::CountForgotten && s.which == 0 {
            to.step(s, "this process", "forgets the count", |n| n.which = 1);
        }
    }

    fn delivery(&self, s: &State, to: &mut Steps<State>) {
        let Some(message) = s.wire.first().copied() else { return };
        to.step(s, "connection", "delivers the next message", |n| {
            n.wire.remove(0);
            match message {
                Message::Reply(tag, value) => {
                    if let Reader::Answered(noted) = n.reader {
                        n.reader = Reader::Read(noted, tag, value);
                    }
                }
                Message::Tag if self.0 == Bug::PushIgnored => {}
                Message::Tag => n.hears_of_tag(),
                Message::Value => {
                    n.kept = None;
                    n.key_count += 1;
                }
            }
        });
    }

    fn invalidation(&self, s: &State, to: &mut Steps<State>) {
        match s.invalidation {
            Invalidation::Idle => to.step(s, "this process", "begins to invalidate", |n| {
                n.must = n.newest + 1;
                n.hears_of_tag();
                n.invalidation = Invalidation::Begun;
            }),
            Invalidation::Begun => to.step(s, "redis", "carries out the invalidation", |n| {
                n.loses_tag();
                n.invalidation = Invalidation::CarriedOut;
            }),
            Invalidation::CarriedOut => to.step(s, "this process", "has invalidated", |n| {
                if self.0 != Bug::CountsOnlyBefore {
                    n.hears_of_tag();
                }
                n.invalidation = Invalidation::Returned;
            }),
            Invalidation::Returned => {}
        }
    }
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State {
            tag: Some(0),
            value: 0,
            tag_registered: false,
            value_registered: false,
            wire: Vec::new(),
            counts: [0; 2],
            which: 0,
            key_count: 0,
            kept: None,
            reader: Reader::Idle,
            invalidation: Invalidation::Idle,
            newest: 0,
            must: 0,
            changes: 3,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        self.reader(s, to);
        self.others(s, to);
        self.delivery(s, to);
        self.invalidation(s, to);
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        let token = s.served()?;
        if s.invalidation == Invalidation::Returned && token < s.must {
            return Some(I3);
        }
        let told = s.wire.iter().any(|message| !matches!(message, Message::Reply(..)));
        (s.tag != Some(token) && !told).then_some(I2)
    }

    fn settled(&self, s: &State) -> bool {
        s.reader == Reader::Idle
    }
}

#[test]
fn what_is_kept_ends_with_its_tags() {
    holds("l1, with tags", &Model(Bug::None));
}

#[test]
fn every_known_mistake_with_tags_in_l1_is_found() {
    for (name, bug, promise) in [
        ("the count of a tag noted once the answer is there", Bug::NotedLate, I2),
        ("a tag read by a connection that tracks nothing", Bug::ReadElsewhere, I2),
        ("a value kept that does not count", Bug::NotJudged, I2),
        ("a push of a tag ignored", Bug::PushIgnored, I2),
        ("a tag counted only before its invalidation is sent", Bug::CountsOnlyBefore, I3),
        ("a count forgotten that values noted", Bug::CountForgotten, I2),
    ] {
        breaks(name, &Model(bug), promise);
    }
}
