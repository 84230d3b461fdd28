//! G5: a value read with its remaining life is never served after its end.
//!
//! The only protocol that counts time. "Life" is the life in Redis, TTL and stale window; the
//! end of freshness is the same moment less the window, so the same rules hold for it.

use crate::explore::{Protocol, Steps, breaks, holds};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Command {
    Get,
    Pttl,
    /// One script, or `MULTI` around the two.
    Both,
}
use Command::{Both, Get, Pttl};

struct Model {
    /// A pipeline: in order, but not atomic.
    commands: &'static [Command],
    /// The lives that writers give to values.
    lives: &'static [u8],
    /// The remaining life is counted from when the answer came, not from when it was asked for.
    from_answer: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    /// How many commands have been carried out.
    Asking(usize),
    /// May serve it until then.
    Holding(u8),
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    now: u8,
    /// When the value in Redis dies.
    value: Option<u8>,
    writes: u8,
    phase: Phase,
    asked_at: u8,
    /// The least remaining life heard of, and when the value that was got truly dies.
    remaining: u8,
    got: Option<u8>,
    broken: bool,
}

const G5: &str = "G5: served after its life";
const END: u8 = 8;
const UNKNOWN: u8 = 99;

impl Model {
    fn carry_out(&self, n: &mut State, at: usize) {
        let command = self.commands[at];
        if matches!(command, Get | Both) {
            n.got = n.value;
        }
        if matches!(command, Pttl | Both) {
            let left = n.value.map_or(0, |dies| dies - n.now); // absent: a miss
            n.remaining = n.remaining.min(left);
        }
        n.phase = Phase::Asking(at + 1);
    }
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State {
            now: 0,
            value: None,
            writes: 0,
            phase: Phase::Idle,
            asked_at: 0,
            remaining: UNKNOWN,
            got: None,
            broken: false,
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        if s.now < END {
            to.step(s, "time", "passes", |n| {
                n.now += 1;
                n.value = n.value.filter(|&dies| dies > n.now);
            });
        }
        for &life in self.lives {
            if s.writes < 3 {
                let what = if life > 3 { "writes a long life" } else { "writes a short life" };
                to.step(s, "writer", what, |n| {
                    n.writes += 1;
                    n.value = Some(n.now + life);
                });
            }
        }
        match s.phase {
            Phase::Idle => to.step(s, "reader", "asks", |n| {
                n.asked_at = n.now;
                n.phase = Phase::Asking(0);
            }),
            Phase::Asking(at) if at < self.commands.len() => {
                let what = match self.commands[at] {
                    Get => "carries out GET",
                    Pttl => "carries out PTTL",
                    Both => "carries out GET and PTTL",
                };
                to.step(s, "redis", what, |n| self.carry_out(n, at));
            }
            Phase::Asking(_) => to.step(s, "reader", "hears the answer", |n| {
                let from = if self.from_answer { n.now } else { n.asked_at };
                let known = n.got.is_some() && n.remaining > 0;
                n.phase = if known { Phase::Holding(from + n.remaining) } else { Phase::Done };
            }),
            Phase::Holding(until) => {
                if s.now < until {
                    // Now, or later: in place of an error, after the soft timeout, from the L1.
                    to.step(s, "reader", "serves it", |n| {
                        n.broken = n.got.is_some_and(|dies| dies <= n.now);
                    });
                }
                to.step(s, "reader", "is done with it", |n| n.phase = Phase::Done);
            }
            Phase::Done => {}
        }
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.broken.then_some(G5)
    }

    fn settled(&self, s: &State) -> bool {
        s.phase == Phase::Done
    }
}

const ONE_LIFE: &[u8] = &[4];
const LIVES: &[u8] = &[2, 5];

#[test]
fn a_value_dies_with_its_own_life() {
    let with = |commands, lives| Model { commands, lives, from_answer: false };
    holds("one step", &with(&[Both], LIVES));
    holds("PTTL before GET, one life for all", &with(&[Pttl, Get], ONE_LIFE));
}

#[test]
fn every_other_way_to_read_a_life_is_found_wrong() {
    let with = |commands, lives| Model { commands, lives, from_answer: false };
    breaks("an old value judged by its successor's PTTL", &with(&[Get, Pttl], ONE_LIFE), G5);
    breaks("a short life judged by its longer predecessor", &with(&[Pttl, Get], LIVES), G5);
    breaks("PTTL on both sides, two successors", &with(&[Pttl, Get, Pttl], LIVES), G5);
    let late = Model { from_answer: true, ..with(&[Both], ONE_LIFE) };
    breaks("a life counted from the answer", &late, G5);
}
