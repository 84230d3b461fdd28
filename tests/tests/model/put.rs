//! Writers that store: `put` beside another writer and two readers of one key.
//!
//! A put is an invalidation too: once it has returned, no later call may return a value whose
//! computation began before the put's body committed. Its bit is "called" by the commit.

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G3, Record, Reply, Slot, Token, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// One unconditional `SET`, which may arrive at any time.
    SetsBlindly,
    SeizesAfterBody,
    FillsAfterLostSeizure,
    QuietWhenVoided,
    QuietWhenFillIsLost,
}

#[derive(Clone, Copy)]
struct Model {
    bug: Bug,
    /// The other writer puts as well; otherwise it invalidates.
    puts: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Writing {
    Idle,
    Seizing,
    /// In the body, which has or has not got the lease.
    Body(bool, Value),
    Committed(bool, Value),
    Filling(Value),
    Invalidating,
    /// Redis has done what had to be done.
    Settled,
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Reading {
    Idle,
    Computing(Value),
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    slot: Slot,
    writers: [Writing; 2],
    /// Given up here, on their way to Redis.
    stray_seize: [bool; 2],
    stray_fill: [Option<Value>; 2],
    readers: [(Reading, u8); 2],
    record: Record,
    timeouts: u8,
    expiries: u8,
}

const WRITERS: [&str; 2] = ["put", "other writer"];
const READERS: [&str; 2] = ["reader a", "reader b"];

impl Model {
    fn store(&self, n: &mut State, token: Token, value: Value) -> bool {
        if matches!(self.bug, Bug::SetsBlindly | Bug::SeizesAfterBody) {
            n.slot.seize(token);
        }
        n.slot.fill(token, value)
    }

    fn writer(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, token, bit) = (WRITERS[i], i as Token, 1 << i);
        let puts = i == 0 || self.puts;
        match s.writers[i] {
            Writing::Idle => to.step(s, who, "begins", |n| {
                let late = matches!(self.bug, Bug::SetsBlindly | Bug::SeizesAfterBody);
                n.writers[i] = match (puts, late) {
                    (true, false) => Writing::Seizing,
                    (leased, _) => Writing::Body(leased, n.record.called),
                };
            }),
            Writing::Seizing => {
                to.step(s, who, "seizes the lease, starts its body", |n| {
                    n.slot.seize(token);
                    n.writers[i] = Writing::Body(true, n.record.called);
                });
                if s.timeouts > 0 {
                    to.step(s, who, "gives up on the seizure, starts its body", |n| {
                        n.timeouts -= 1;
                        n.stray_seize[i] = true;
                        let leased = self.bug == Bug::FillsAfterLostSeizure;
                        n.writers[i] = Writing::Body(leased, n.record.called);
                    });
                }
            }
            Writing::Body(leased, value) => to.step(s, who, "commits", |n| {
                n.record.called |= bit;
                n.writers[i] = Writing::Committed(leased, value | bit);
            }),
            Writing::Committed(leased, value) => to.step(s, who, "sends its last command", |n| {
                n.writers[i] = if leased { Writing::Filling(value) } else { Writing::Invalidating };
            }),
            Writing::Filling(value) => {
                to.step(s, who, "fills or is told that it is voided", |n| {
                    let quiet = self.bug == Bug::QuietWhenVoided;
                    let stored = self.store(n, token, value);
                    n.writers[i] =
                        if stored || quiet { Writing::Settled } else { Writing::Invalidating };
                });
                if s.timeouts > 0 {
                    to.step(s, who, "gives up on the fill", |n| {
                        n.timeouts -= 1;
                        n.stray_fill[i] = Some(value);
                        let quiet = self.bug == Bug::QuietWhenFillIsLost;
                        n.writers[i] = if quiet { Writing::Settled } else { Writing::Invalidating };
                    });
                }
            }
            Writing::Invalidating => to.step(s, "redis", "carries out the invalidation", |n| {
                n.slot.invalidate();
                n.writers[i] = Writing::Settled;
            }),
            Writing::Settled => to.step(s, who, "returns", |n| {
                n.record.returned |= bit;
                n.writers[i] = Writing::Done;
            }),
            Writing::Done => {}
        }
        if s.stray_seize[i] {
            to.step(s, "redis", "carries out the seizure that was given up", |n| {
                n.slot.seize(token);
                n.stray_seize[i] = false;
            });
        }
        if let Some(value) = s.stray_fill[i] {
            to.step(s, "redis", "carries out the store that was given up", |n| {
                self.store(n, token, value);
                n.stray_fill[i] = None;
            });
        }
    }

    fn reader(&self, s: &State, i: usize, to: &mut Steps<State>) {
        let (who, token, (phase, must)) = (READERS[i], 4 + i as Token, s.readers[i]);
        match phase {
            // They are alike, so they may begin in one order.
            Reading::Idle if i > 0 && s.readers[0].0 == Reading::Idle => {}
            Reading::Idle => to.step(s, who, "asks for the lease", |n| {
                let must = n.record.returned;
                let next = match n.slot.acquire(token) {
                    Reply::Found(value) => {
                        n.record.serve(must, value);
                        Reading::Done
                    }
                    Reply::Ours => Reading::Computing(n.record.called),
                    Reply::Theirs => Reading::Idle,
                };
                n.readers[i] = (next, must);
            }),
            Reading::Computing(value) => to.step(s, who, "fills", |n| {
                n.slot.fill(token, value);
                n.readers[i] = (Reading::Done, must);
            }),
            Reading::Done => {}
        }
    }
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State {
            slot: Slot { value: Some(0), lease: None },
            writers: [Writing::Idle; 2],
            stray_seize: [false; 2],
            stray_fill: [None; 2],
            readers: [(Reading::Idle, 0); 2],
            record: Record::default(),
            timeouts: 2,
            expiries: 2,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for i in 0..2 {
            self.writer(s, i, to);
            self.reader(s, i, to);
        }
        if s.slot.lease.is_some() {
            to.step(s, "redis", "expires the lease", |n| n.slot.lease = None);
        }
        if s.expiries > 0 && s.slot.value.is_some() {
            to.step(s, "redis", "expires or evicts the value", |n| {
                n.expiries -= 1;
                n.slot.value = None;
            });
        }
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.record.broken
    }

    fn settled(&self, s: &State) -> bool {
        s.writers.iter().all(|w| *w == Writing::Done)
            && s.readers.iter().all(|r| r.0 == Reading::Done)
    }
}

#[test]
fn a_put_seizes_first_and_fills_or_invalidates() {
    for puts in [false, true] {
        holds("put", &Model { bug: Bug::None, puts });
    }
}

#[test]
fn every_known_mistake_with_puts_is_found() {
    let with = |bug| Model { bug, puts: false };
    breaks("a put that arrives after a newer invalidation", &with(Bug::SetsBlindly), G3);
    breaks("a put that seizes after its body", &with(Bug::SeizesAfterBody), G3);
    breaks("a put whose seizure happens later", &with(Bug::FillsAfterLostSeizure), G3);
    breaks("a voided put that does not invalidate", &with(Bug::QuietWhenVoided), G3);
    breaks("a put whose fill is lost in silence", &with(Bug::QuietWhenFillIsLost), G3);
}
