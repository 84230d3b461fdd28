//! Waiting for somebody who never comes back: a leader whose task is no longer polled, and
//! calls whose bodies wait for each other.
//!
//! A flight has no life of its own (unlike a lease), so only the waiter's own bound helps.

use crate::explore::{Protocol, Steps, breaks, holds};

#[derive(Clone, Copy)]
struct Model {
    /// The keys that each caller computes: the second one from the body of the first.
    nested: [[usize; 2]; 2],
    /// How many callers may stop being polled.
    freezes: u8,
    bounded: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    /// Who leads the flight of a key.
    leader: [Option<usize>; 2],
    /// How many of its keys a caller has answered or computes; three: it has returned.
    depth: [usize; 2],
    frozen: [bool; 2],
    freezes: u8,
}

const RETURNED: usize = 3;
const NAMES: [&str; 2] = ["caller a", "caller b"];

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State { leader: [None; 2], depth: [0; 2], frozen: [false; 2], freezes: self.freezes }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for (i, who) in NAMES.into_iter().enumerate() {
            if s.frozen[i] || s.depth[i] == RETURNED {
                continue;
            }
            if s.depth[i] == 2 {
                to.step(s, who, "returns, its flights land", |n| {
                    n.depth[i] = RETURNED;
                    n.leader = n.leader.map(|leader| leader.filter(|&l| l != i));
                });
            } else if let key = self.nested[i][s.depth[i]]
                && s.leader[key].is_none()
            {
                to.step(s, who, "leads", |n| {
                    n.leader[key] = Some(i);
                    n.depth[i] += 1;
                });
            } else if self.bounded {
                to.step(s, who, "has waited long enough, computes unleased", |n| n.depth[i] += 1);
            }
            if s.freezes > 0 && s.depth[i] > 0 {
                to.step(s, who, "is never polled again", |n| {
                    n.frozen[i] = true;
                    n.freezes -= 1;
                });
            }
        }
    }

    fn broken(&self, _: &State) -> Option<&'static str> {
        None
    }

    fn settled(&self, s: &State) -> bool {
        (0..2).all(|i| s.frozen[i] || s.depth[i] == RETURNED)
    }
}

/// Both take the keys in the same order, or each waits for what the other computes, or a body
/// asks for its own key.
const SAME: [[usize; 2]; 2] = [[0, 1], [0, 1]];
const CROSSED: [[usize; 2]; 2] = [[0, 1], [1, 0]];
const ITSELF: [[usize; 2]; 2] = [[0, 0], [1, 1]];

#[test]
fn a_bounded_wait_always_ends() {
    for nested in [SAME, CROSSED, ITSELF] {
        for freezes in [0, 1] {
            holds("waiting", &Model { nested, freezes, bounded: true });
        }
    }
}

#[test]
fn an_unbounded_wait_hangs() {
    let with = |nested, freezes| Model { nested, freezes, bounded: false };
    holds("nobody freezes, one order", &with(SAME, 0));
    breaks("a `select!` that stops polling the leader", &with(SAME, 1), "stuck");
    breaks("two calls that wait for each other", &with(CROSSED, 0), "stuck");
    breaks("a call that waits for itself", &with(ITSELF, 0), "stuck");
}
