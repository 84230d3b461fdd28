//! Visits every state that a protocol can reach, and says what goes wrong in the first bad one.
//!
//! Breadth-first, so that the trace of a counterexample is a shortest one, and deterministic:
//! the steps of a state come in the order in which the protocol adds them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// A protocol as a transition system.
pub(crate) trait Protocol {
    type State: Clone + Eq + Hash;

    fn start(&self) -> Self::State;

    /// Everything that may happen next; several steps mean that any of them may be first.
    fn steps(&self, state: &Self::State, to: &mut Steps<Self::State>);

    /// The promise that is broken in this state, if one is.
    fn broken(&self, state: &Self::State) -> Option<&'static str>;

    /// Whether everybody who waits has been answered. Such a state must stay within reach of
    /// every state: one that has lost it is a deadlock, or a wait without an end.
    fn settled(&self, state: &Self::State) -> bool;
}

/// Who does what.
type Label = (&'static str, &'static str);

/// Collects what may happen next.
pub(crate) struct Steps<S>(Vec<(Label, S)>);

impl<S: Clone> Steps<S> {
    /// Adds the state that `change` makes of `from`.
    pub(crate) fn step(
        &mut self,
        from: &S,
        who: &'static str,
        what: &'static str,
        change: impl FnOnce(&mut S),
    ) {
        let mut next = from.clone();
        change(&mut next);
        self.0.push(((who, what), next));
    }
}

/// What a search found out.
pub(crate) enum Verdict {
    Holds { states: usize },
    Broken { why: &'static str, trace: String },
}

/// More than this is no longer "a few seconds", and most likely a state that counts without end.
const LIMIT: usize = 1_500_000;

pub(crate) fn explore<P: Protocol>(protocol: &P) -> Verdict {
    let mut search = Search { known: HashMap::default(), states: Vec::new(), edges: Vec::new() };
    search.visit(protocol.start(), None);
    let mut at = 0;
    while let Some(state) = search.states.get(at).map(|seen| seen.state.clone()) {
        if let Some(why) = protocol.broken(&state) {
            return Verdict::Broken { why, trace: search.trace(at) };
        }
        assert!(at < LIMIT, "more than {LIMIT} states");
        let mut steps = Steps(Vec::new());
        protocol.steps(&state, &mut steps);
        for (label, next) in steps.0 {
            let to = search.visit(next, Some((at, label)));
            search.edges.push((at, to));
        }
        at += 1;
    }
    match search.stuck(|state| protocol.settled(state)) {
        Some(at) => Verdict::Broken { why: "stuck", trace: search.trace(at) },
        None => Verdict::Holds { states: search.states.len() },
    }
}

/// The hasher of rustc: the standard one takes most of the time of a debug build.
#[derive(Default)]
struct Fast(u64);

impl Hasher for Fast {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    /// The discriminant of an enum.
    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26) // the table looks at the low bits, the product is best in the high
    }
}

struct Seen<S> {
    state: S,
    /// The step that led here first, and from where.
    came: Option<(usize, Label)>,
}

struct Search<S> {
    known: HashMap<S, usize, BuildHasherDefault<Fast>>,
    states: Vec<Seen<S>>,
    edges: Vec<(usize, usize)>,
}

impl<S: Clone + Eq + Hash> Search<S> {
    fn visit(&mut self, state: S, came: Option<(usize, Label)>) -> usize {
        let next = self.states.len();
        let at = *self.known.entry(state.clone()).or_insert(next);
        if at == next {
            self.states.push(Seen { state, came });
        }
        at
    }

    /// The first state from which no settled one can be reached: found by walking back from
    /// the settled ones.
    fn stuck(&self, settled: impl Fn(&S) -> bool) -> Option<usize> {
        let mut before = vec![Vec::new(); self.states.len()];
        for &(from, to) in &self.edges {
            before[to].push(from);
        }
        let mut hopeful: Vec<bool> = self.states.iter().map(|seen| settled(&seen.state)).collect();
        let mut todo: Vec<usize> = (0..hopeful.len()).filter(|&at| hopeful[at]).collect();
        while let Some(at) = todo.pop() {
            for &from in &before[at] {
                if !hopeful[from] {
                    hopeful[from] = true;
                    todo.push(from);
                }
            }
        }
        hopeful.iter().position(|&hope| !hope)
    }

    fn trace(&self, mut at: usize) -> String {
        let mut labels = Vec::new();
        while let Some((from, label)) = self.states[at].came {
            labels.push(label);
            at = from;
        }
        let mut text = String::new();
        for (index, (who, what)) in labels.iter().rev().enumerate() {
            let _ = writeln!(text, "  {:>2}. {who}: {what}", index + 1);
        }
        text
    }
}

/// Fails with the trace unless every promise holds in every reachable state.
pub(crate) fn holds<P: Protocol>(name: &str, protocol: &P) {
    match explore(protocol) {
        Verdict::Holds { states } => println!("{name}: holds in all {states} states"),
        Verdict::Broken { why, trace } => panic!("{name}: {why}\n{trace}"),
    }
}

/// Fails unless the search finds that `promise` is broken; prints how.
pub(crate) fn breaks<P: Protocol>(name: &str, protocol: &P, promise: &str) {
    match explore(protocol) {
        Verdict::Holds { states } => panic!("{name}: no counterexample in {states} states"),
        Verdict::Broken { why, trace } => {
            println!("{name}: {why}\n{trace}");
            assert_eq!(why, promise, "{name}: another promise than the expected one is broken");
        }
    }
}

#[test]
fn the_explorer_finds_the_shortest_way_to_a_bad_state_and_to_a_dead_end() {
    /// Counts up by one or two, to at most five.
    struct Count {
        bad: Option<u8>,
        end: u8,
    }
    impl Protocol for Count {
        type State = u8;
        fn start(&self) -> u8 {
            0
        }
        fn steps(&self, state: &u8, to: &mut Steps<u8>) {
            if *state < 4 {
                to.step(state, "it", "adds one", |n| *n += 1);
                to.step(state, "it", "adds two", |n| *n += 2);
            }
        }
        fn broken(&self, state: &u8) -> Option<&'static str> {
            (self.bad == Some(*state)).then_some("bad")
        }
        fn settled(&self, state: &u8) -> bool {
            *state == self.end
        }
    }
    let Verdict::Broken { why: "bad", trace } = explore(&Count { bad: Some(4), end: 4 }) else {
        panic!("four is within reach");
    };
    assert_eq!(trace.lines().count(), 2, "{trace}");
    assert!(matches!(explore(&Count { bad: None, end: 4 }), Verdict::Broken { why: "stuck", .. }));
    assert!(matches!(explore(&Count { bad: Some(9), end: 3 }), Verdict::Broken { .. }));
}
