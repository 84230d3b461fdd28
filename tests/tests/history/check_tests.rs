//! Histories written by hand: the checker sees each violation, and nothing in what is allowed.

use crate::check::{Rules, check};
use crate::history::{Ending, Event, History, Key, Kind, Outcome, Stamp};
use std::time::Duration;

const A: Key = Key { kind: Kind::Brief, id: 1 };
const B: Key = Key { kind: Kind::Brief, id: 2 };
/// The first call of another process.
const FAR: u64 = 1 << 32;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn rules() -> Rules {
    Rules {
        life: |_| ms(1_000),
        fill_delay: ms(10),
        answer_delay: ms(100),
        patience: ms(500),
        wait: ms(300),
        lease: ms(200),
        trouble: false,
    }
}

/// A history that is written down line by line.
#[derive(Default)]
struct Story(Vec<(Duration, Event)>);

impl Story {
    fn at(mut self, at: u64, event: Event) -> Self {
        self.0.push((ms(at), event));
        self
    }

    fn call(self, at: u64, call: u64) -> Self {
        self.at(at, Event::Call { call, key: A, refresh: false })
    }

    fn returned(self, at: u64, call: u64, outcome: Outcome) -> Self {
        self.at(at, Event::CallEnded { call, outcome })
    }

    /// A call whose body, of the same name, runs from its beginning to its end.
    fn computed(self, from: u64, to: u64, call: u64) -> Self {
        self.ended(from, to, call, Ending::Value, Outcome::Value(stamp(call)))
    }

    fn ended(self, from: u64, to: u64, call: u64, ending: Ending, outcome: Outcome) -> Self {
        self.call(from, call)
            .at(from, Event::Body { body: call, call, version: 1 })
            .at(to, Event::BodyEnded { body: call, ending })
            .returned(to, call, outcome)
    }

    fn hit(self, at: u64, call: u64, source: u64) -> Self {
        self.call(at, call).returned(at + 1, call, Outcome::Value(stamp(source)))
    }

    fn invalidated(self, from: u64, to: u64, write: u64, ok: bool) -> Self {
        self.at(from, Event::Invalidation { write, keys: vec![(A, 1)] })
            .at(to, Event::WriteEnded { write, ok })
    }

    fn put(self, from: u64, to: u64, write: u64) -> Self {
        self.at(from, Event::Put { write, key: A, version: 1 })
            .at(to, Event::WriteEnded { write, ok: true })
    }

    /// A writer that has made `version` halfway.
    fn saved(self, from: u64, to: u64, write: u64, version: u64) -> Self {
        self.at(from, Event::Save { write, key: A })
            .at(u64::midpoint(from, to), Event::Saved { write, version })
            .at(to, Event::WriteEnded { write, ok: true })
    }

    /// The same of a function of this kind.
    fn of(mut self, kind: Kind) -> Self {
        for (_, event) in &mut self.0 {
            match event {
                Event::Call { key, .. } | Event::Put { key, .. } | Event::Save { key, .. } => {
                    key.kind = kind;
                }
                Event::Invalidation { keys, .. } => {
                    keys.iter_mut().for_each(|(key, _)| key.kind = kind);
                }
                Event::CallEnded { outcome: Outcome::Value(of) | Outcome::Error(of), .. } => {
                    of.key.kind = kind;
                }
                _ => {}
            }
        }
        self
    }

    fn breaks(&self, rules: &Rules) -> Vec<&'static str> {
        check(&History::of(&self.0), rules).iter().map(|it| it.guarantee).collect()
    }

    #[track_caller]
    fn is(self, broken: &[&str]) {
        assert_eq!(self.breaks(&rules()), broken);
    }
}

fn story() -> Story {
    Story::default()
}

fn stamp(source: u64) -> Stamp {
    Stamp { key: A, version: 1, source }
}

#[test]
fn a_hit_is_fine() {
    story().computed(0, 50, 1).hit(60, 2, 1).hit(60, FAR, 1).is(&[]);
}

/// The second body of a call of many keys is for all that is left, whoever has the lease of it.
#[test]
fn g4_a_body_beside_others() {
    let two = |second: bool| {
        let story = story().computed(0, 50, 1);
        let story = if second { story.at(10, Event::Beside { body: 2 }) } else { story };
        story.computed(10, 60, 2)
    };
    two(false).is(&["G4"]);
    two(true).is(&[]);
}

#[test]
fn g1_a_value_that_nobody_computed() {
    story().hit(0, 1, 9).is(&["G1"]);
    let other = Stamp { version: 2, ..stamp(1) };
    story().computed(0, 50, 1).call(60, 2).returned(61, 2, Outcome::Value(other)).is(&["G1"]);
}

#[test]
fn g1_a_value_that_is_computed_later_or_never() {
    story().call(0, 2).returned(10, 2, Outcome::Value(stamp(1))).computed(0, 50, 1).is(&["G1"]);
    let failed = story().ended(0, 50, 1, Ending::Error, Outcome::Error(stamp(1)));
    failed.hit(60, 2, 1).is(&["G1"]);
}

#[test]
fn g1_an_error_of_another_process() {
    let failed = || story().ended(0, 50, 1, Ending::Error, Outcome::Error(stamp(1)));
    failed().call(40, 2).returned(51, 2, Outcome::Error(stamp(1))).is(&[]);
    failed().call(40, FAR).returned(51, FAR, Outcome::Error(stamp(1))).is(&["G1"]);
}

#[test]
fn g1_a_body_that_runs_twice() {
    let again = Event::Body { body: 7, call: 1, version: 1 };
    let end = Event::BodyEnded { body: 7, ending: Ending::Value };
    story().computed(0, 50, 1).at(50, again).at(51, end).is(&["G1"]);
}

#[test]
fn g1_a_call_that_hangs() {
    story().computed(0, 900, 1).is(&[]);
    story().computed(0, 50, 1).call(40, 2).returned(541, 2, Outcome::Cancelled).is(&["G1"]);
    story().call(0, 1).is(&["G1"]);
    story().call(0, 1).at(100, Event::Died { process: 0 }).is(&[]);
}

#[test]
fn g2_the_value_of_another_key() {
    let other = Stamp { key: B, ..stamp(1) };
    story().computed(0, 50, 1).call(60, 2).returned(61, 2, Outcome::Value(other)).is(&["G2"]);
}

#[test]
fn g3_a_value_of_before_an_invalidation() {
    let told = |ok| story().computed(0, 50, 1).invalidated(55, 58, 2, ok);
    told(true).hit(60, 3, 1).is(&["G3"]);
    told(true).hit(57, 3, 1).is(&[]); // the call began before it was over
    told(false).hit(60, 3, 1).is(&[]); // it failed
    let during = story().computed(0, 50, 1).invalidated(20, 30, 2, true);
    during.hit(60, 3, 1).is(&["G3"]);
    story().invalidated(0, 10, 2, true).computed(5, 50, 1).hit(60, 3, 1).is(&[]);
}

#[test]
fn g3_data_of_before_an_invalidation() {
    let keys = vec![(A, 2)];
    let told = story().at(0, Event::Invalidation { write: 2, keys });
    let told = told.at(10, Event::WriteEnded { write: 2, ok: true });
    told.computed(20, 50, 1).is(&["G3"]);
}

#[test]
fn g3_a_put_of_before_an_invalidation() {
    story().put(0, 10, 1).invalidated(20, 30, 2, true).hit(40, 3, 1).is(&["G3"]);
    story().put(0, 25, 1).invalidated(20, 30, 2, true).hit(40, 3, 1).is(&[]); // at one time
}

#[test]
fn g3_a_value_of_before_a_save() {
    story().saved(0, 10, 1, 1).hit(20, 3, 1).is(&[]);
    story().computed(0, 50, 1).saved(20, 40, 2, 1).hit(60, 3, 1).is(&["G3"]);
    // Its data are old, whenever it began.
    story().saved(0, 40, 2, 2).computed(10, 30, 1).hit(60, 3, 1).is(&["G3"]);
}

#[test]
fn g3_a_save_that_is_stored_over_another() {
    let of = |source, version| Outcome::Value(Stamp { version, ..stamp(source) });
    let two = || story().saved(0, 50, 1, 1).saved(10, 40, 2, 2).call(60, 3);
    two().returned(61, 3, of(1, 1)).is(&["G3"]);
    two().returned(61, 3, of(2, 2)).is(&[]);
    story().saved(0, 10, 1, 1).computed(20, 90, 4).saved(30, 40, 2, 1).hit(50, 3, 2).is(&[]);
}

#[test]
fn g1_a_save_that_never_came_to_its_change() {
    story().at(0, Event::Save { write: 1, key: A }).hit(20, 3, 1).is(&["G1"]);
}

#[test]
fn g3_what_a_process_that_is_cut_off_shares_is_a_limit() {
    let trouble = Rules { trouble: true, ..rules() };
    let joined = |call, write| {
        let told = story().computed(0, 50, 1).invalidated(20, 30, write, true);
        told.call(40, call).returned(51, call, Outcome::Value(stamp(1)))
    };
    assert_eq!(joined(3, FAR).breaks(&trouble), [""; 0]);
    assert_eq!(joined(3, FAR).breaks(&rules()), ["G3"]);
    assert_eq!(joined(3, 2).breaks(&trouble), ["G3"], "its own invalidation it knows");
    assert_eq!(joined(FAR, FAR + 1).breaks(&trouble), ["G3"], "no other process shares it");
    let told = story().computed(0, 50, 1).invalidated(20, 30, FAR, true);
    assert_eq!(told.hit(60, 3, 1).breaks(&trouble), ["G3"], "nor does who comes later");
}

#[test]
fn g3_what_is_kept_until_the_process_has_heard() {
    let told = |at, write| {
        let told = story().computed(0, 50, 1).invalidated(55, 58, write, true);
        told.hit(at, 3, 1)
    };
    let long = Rules { life: |_| ms(10_000), ..rules() };
    for kind in [Kind::Kept, Kind::Both, Kind::Told] {
        assert_eq!(told(1_058, FAR).of(kind).breaks(&long), [""; 0]);
        assert_eq!(told(1_059, FAR).of(kind).breaks(&long), ["G3"], "a second is over");
        assert_eq!(told(60, 2).of(kind).breaks(&long), ["G3"], "its own write");
    }
    assert_eq!(told(60, FAR).of(Kind::Saying).breaks(&long), ["G3"], "nobody keeps it");
}

/// What is computed while its tag is invalidated is not stored, and all who waited for it compute.
#[test]
fn g4_but_for_a_value_that_is_not_stored() {
    let waited = |story: Story, call| {
        let began = story.call(15, call).at(25, Event::Body { body: call, call, version: 1 });
        let ended = began.at(50, Event::BodyEnded { body: call, ending: Ending::Value });
        ended.returned(50, call, Outcome::Value(stamp(call)))
    };
    let two = |at| {
        let refused = story().computed(0, 20, 1).invalidated(at, at + 2, 9, true);
        waited(waited(refused, 2), FAR)
    };
    two(10).of(Kind::Saying).is(&[]);
    two(10).of(Kind::Told).is(&[]);
    two(10).of(Kind::Tagged).is(&["G4"]);
    let before = story().invalidated(0, 2, 9, true).computed(5, 20, 1);
    waited(waited(before, 2), FAR).of(Kind::Saying).is(&["G4"]);
}

#[test]
fn g4_two_bodies_at_once() {
    story().computed(0, 50, 1).computed(50, 90, 2).is(&[]);
    story().computed(0, 50, 1).computed(40, 90, FAR).is(&["G4"]);
}

#[test]
fn g4_but_for_a_lost_lease_a_long_wait_and_a_write() {
    story().computed(0, 400, 1).computed(300, 350, 2).is(&[]);
    let waited = story().call(0, 9).at(310, Event::Body { body: 9, call: 9, version: 1 });
    let waited = waited.at(350, Event::BodyEnded { body: 9, ending: Ending::Value });
    let waited = waited.returned(350, 9, Outcome::Value(stamp(9)));
    waited.computed(280, 330, 1).is(&[]);
    story().computed(0, 50, 1).invalidated(10, 20, 2, false).computed(30, 60, 3).is(&[]);
    story().computed(0, 50, 1).put(10, 20, 2).computed(30, 60, 3).is(&[]);
    story().computed(0, 50, 1).saved(10, 20, 2, 1).computed(30, 60, 3).is(&[]);
    // One that was over before, or that began after, is no excuse.
    story().invalidated(0, 9, 2, true).computed(10, 50, 1).computed(30, 60, 3).is(&["G4"]);
    story().computed(10, 50, 1).computed(30, 60, 3).invalidated(31, 40, 2, true).is(&["G4"]);
}

#[test]
fn g4_but_for_a_refresh_and_after_an_error() {
    let refresh = Event::Call { call: 2, key: A, refresh: true };
    let refreshed = story().computed(0, 50, 1).at(10, refresh).returned(20, 2, Outcome::Cancelled);
    refreshed.computed(30, 60, 3).is(&[]);
    let failed = story().ended(0, 20, 1, Ending::Error, Outcome::Error(stamp(1)));
    let body = |story: Story, call| {
        let began = story.call(5, call).at(25, Event::Body { body: call, call, version: 1 });
        let ended = began.at(50, Event::BodyEnded { body: call, ending: Ending::Value });
        ended.returned(50, call, Outcome::Value(stamp(call)))
    };
    body(body(failed, 2), FAR).is(&[]);
    // An error before both calls is no excuse.
    let failed = story().ended(0, 4, 1, Ending::Error, Outcome::Error(stamp(1)));
    body(body(failed, 2), FAR).is(&["G4"]);
}

#[test]
fn g5_a_value_after_its_end() {
    story().computed(0, 50, 1).hit(1_060, 2, 1).is(&[]);
    story().computed(0, 50, 1).hit(1_061, 2, 1).is(&["G5"]);
    let late = story().computed(0, 50, 1).call(1_000, 2);
    late.returned(1_161, 2, Outcome::Value(stamp(1))).is(&["G5"]);
    story().put(0, 50, 1).hit(1_061, 2, 1).is(&["G5"]);
}

/// A call may be over before its body is, whose value is then stored as slowly as others.
#[test]
fn g5_as_slow_as_others() {
    let of_b = || {
        let began = story().at(0, Event::Call { call: 7, key: B, refresh: false });
        let began = began.at(0, Event::Body { body: 7, call: 7, version: 1 });
        began.at(10, Event::BodyEnded { body: 7, ending: Ending::Value })
    };
    let slow = |took: u64| {
        let value = Outcome::Value(Stamp { key: B, ..stamp(7) });
        of_b().returned(10 + took, 7, value).computed(20, 50, 1).hit(1_090, 2, 1)
    };
    slow(30).is(&[]);
    slow(29).is(&["G5"]);
}
