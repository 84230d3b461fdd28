//! A walk over all keys of a cluster, between whose nodes a slot moves to and fro meanwhile: a key
//! that is there all the time is seen, or the walk says that it has not seen all. It is the
//! product's own file that decides.

#[path = "../../../cache-runtime/src/store/walk.rs"]
mod product;

use crate::explore::{Protocol, Steps, breaks, holds};
use product::{End, Own, Walk};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// What has moved meanwhile is not looked at.
    EveryPassCounts,
    /// Only who has which slots is looked at, and not what is under way.
    MovesUnseen,
    /// Nor what has gone and come back.
    ReturnsUnseen,
}

struct Model {
    bug: Bug,
    /// How often the slot may begin to move.
    moves: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Cluster {
    /// Which node has the slot, and the key.
    owner: usize,
    key: usize,
    /// The slot goes to the other node.
    moving: bool,
    /// Of each node.
    epochs: [u64; 2],
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    cluster: Cluster,
    moves: u8,
    walk: Option<Walk>,
    seen: bool,
    /// It has ended, and says that it has seen all.
    over: Option<bool>,
}

const NODES: [&str; 2] = ["a", "b"];

impl Cluster {
    fn own(self, node: usize) -> Own {
        // Each has slots of its own that do not move.
        let mut slots = vec![(node as u16 * 10, node as u16 * 10)];
        let has = self.owner == node;
        if has {
            slots.push((5, 5));
        }
        let going_to =
            if has && self.moving { vec![NODES[1 - node].to_owned()] } else { Vec::new() };
        Own { address: NODES[node].to_owned(), slots, going_to, epoch: self.epochs[node] }
    }

    fn owns(self, bug: Bug) -> Vec<Own> {
        let seen = |own: Own| match bug {
            Bug::MovesUnseen => Own { going_to: Vec::new(), ..own },
            Bug::ReturnsUnseen => Own { epoch: 0, ..own },
            _ => own,
        };
        vec![seen(self.own(0)), seen(self.own(1))]
    }
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        let cluster = Cluster { owner: 0, key: 0, moving: false, epochs: [1, 2] };
        State { cluster, moves: self.moves, walk: None, seen: false, over: None }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        let Cluster { owner, key, moving, epochs } = s.cluster;
        if !moving && s.moves > 0 {
            to.step(s, "operator", "begins to move the slot", |n| {
                n.moves -= 1;
                n.cluster.moving = true;
            });
        }
        if moving && key == owner {
            to.step(s, "operator", "moves the key", |n| n.cluster.key = 1 - owner);
            to.step(s, "operator", "gives the move up", |n| n.cluster.moving = false);
        }
        if moving && key != owner {
            to.step(s, "operator", "ends the move", |n| {
                n.cluster = Cluster { owner: key, moving: false, ..n.cluster };
                // As Redis does.
                if epochs[key] < epochs[owner] {
                    n.cluster.epochs[key] = epochs[owner] + 1;
                }
            });
        }
        if s.over.is_some() {
            return;
        }
        let Some(walk) = &s.walk else {
            to.step(s, "walk", "asks the nodes, and begins", |n| {
                n.walk = Some(Walk::begin(n.cluster.owns(self.bug), false));
            });
            return;
        };
        match walk.order.get(walk.place) {
            Some(node) => to.step(s, "walk", "goes over a node", |n| {
                n.seen |= *node == NODES[n.cluster.key];
                n.walk = Some(Walk { place: walk.place + 1, ..walk.clone() });
            }),
            None => to.step(s, "walk", "asks the nodes, and ends", |n| {
                let end = match self.bug {
                    Bug::EveryPassCounts => End::Whole,
                    _ => walk.clone().end(n.cluster.owns(self.bug)),
                };
                match end {
                    End::Whole => n.over = Some(true),
                    End::Never => n.over = Some(false),
                    End::Again(walk) => n.walk = Some(walk),
                }
            }),
        }
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        (s.over == Some(true) && !s.seen).then_some(MISSED)
    }

    fn settled(&self, s: &State) -> bool {
        s.over.is_some()
    }
}

const MISSED: &str = "a key that was there all the time was missed";

#[test]
fn a_walk_that_says_so_has_seen_all() {
    for moves in 0..=4 {
        holds("walk", &Model { bug: Bug::None, moves });
    }
}

#[test]
fn without_looking_at_what_moved_keys_are_missed() {
    let breaks = |name, bug| breaks(name, &Model { bug, moves: 3 }, MISSED);
    breaks("every pass counts", Bug::EveryPassCounts);
    breaks("only whole moves count", Bug::MovesUnseen);
    breaks("what returns is not seen", Bug::ReturnsUnseen);
}
