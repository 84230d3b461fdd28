use super::*;
use crate::key::set::KeySet;
use std::sync::Arc;

fn key(bare: impl ToString) -> Key {
    Key::new("p", &bare.to_string())
}

fn acknowledge(journal: &mut Journal) -> bool {
    let due = journal.due(|_| 0, &[], true).unwrap();
    journal.acknowledged(&due).0
}

#[test]
fn a_key_is_distrusted_until_its_replay_is_acknowledged() {
    let mut journal = Journal::default();
    assert_eq!(journal.queue(&key("a")), Distrusted::Key);
    let sent = journal.due(|_| 0, &[], true).unwrap();
    assert!(
        journal.distrusts(&key("a")) && !journal.distrusts(&key("b")),
        "sent is not acknowledged"
    );
    assert_eq!(journal.acknowledged(&sent), (true, false));
    assert!(!journal.distrusts(&key("a")) && journal.due(|_| 0, &[], true).is_none());
}

#[test]
fn what_is_queued_after_the_replay_was_sent_stays() {
    let mut journal = Journal::default();
    journal.queue(&key("a"));
    let sent = journal.due(|_| 0, &[], true).unwrap();
    journal.queue(&key("a"));
    assert!(!journal.acknowledged(&sent).0);
    assert!(journal.distrusts(&key("a")));
    assert!(acknowledge(&mut journal));
}

fn overflowed() -> Journal {
    let mut journal = Journal::default();
    for n in 0..MOST_KEYS {
        assert_eq!(journal.queue(&key(n)), Distrusted::Key);
    }
    assert_eq!(journal.queue(&key("one more")), Distrusted::Everything);
    journal
}

#[test]
fn too_many_keys_distrust_everything() {
    let mut journal = overflowed();
    assert!(journal.distrusts(&key("never heard of")));
    assert!(acknowledge(&mut journal), "one clear stands for all");
    assert!(!journal.distrusts(&key("1")));
}

#[test]
fn what_is_queued_while_the_clear_runs_stays() {
    let mut journal = overflowed();
    let sent = journal.due(|_| 0, &[], true).unwrap();
    journal.queue(&key("a"));
    assert!(!journal.acknowledged(&sent).0);
    assert!(journal.distrusts(&key("a")) && !journal.distrusts(&key("b")));

    let mut journal = overflowed();
    let sent = journal.due(|_| 0, &[], true).unwrap();
    for n in 0..=MOST_KEYS {
        journal.queue(&key(n));
    }
    assert!(!journal.acknowledged(&sent).0, "it has overflowed again");
    assert!(journal.distrusts(&key("never heard of")));
    assert!(acknowledge(&mut journal));
}

#[test]
fn large_journals_are_sent_in_batches() {
    let mut journal = Journal::default();
    for n in 0..=KEYS_PER_REPLAY {
        journal.queue(&key(n));
    }
    assert!(!acknowledge(&mut journal));
    assert_eq!(journal.figures().waiting, 1);
    assert!(acknowledge(&mut journal));
    assert_eq!(journal.figures().replayed, journal.figures().queued);
}

#[test]
fn a_reconnection_loses_what_is_recent() {
    let secs = Duration::from_secs;
    let keys = |keys: &[&str]| keys.iter().map(key).collect::<Vec<_>>();
    let mut journal = Journal::default();
    journal.remember(&keys(&["old"]), secs(0), 4);
    journal.remember(&keys(&["a", "b"]), secs(20), 4);
    assert!(journal.lost(secs(30), 4).0.is_empty(), "nothing has happened");
    assert_eq!(journal.lost(secs(31), 5).0, keys(&["a", "b"]));
    assert!(journal.lost(secs(31), 6).0.is_empty(), "they are queued by now");
    assert!(journal.rests(secs(31)));
}

#[test]
fn what_is_recent_when_the_store_is_lost_is_so_until_it_is_back() {
    let secs = Duration::from_secs;
    let keys = |keys: &[&str]| keys.iter().map(key).collect::<Vec<_>>();
    let mut journal = Journal::default();
    journal.remember(&keys(&["old"]), secs(0), 4);
    journal.remember(&keys(&["a"]), secs(20), 4);
    journal.is_away(secs(40));
    journal.is_away(secs(90));
    assert!(!journal.rests(secs(95)), "it may be lost");
    journal.remember(&keys(&["elsewhere"]), secs(95), 4);
    assert_eq!(journal.lost(secs(99), 5).0, keys(&["a", "elsewhere"]));
    // Not for longer, and not where nobody comes back.
    journal.remember(&keys(&["b"]), secs(100), 5);
    assert!(journal.lost(secs(131), 6).0.is_empty());
    journal.remember(&keys(&["c"]), secs(140), 6);
    journal.is_away(secs(140));
    journal.is_there();
    assert!(journal.rests(secs(171)));
}

#[test]
fn a_reconnection_before_the_acknowledgement_loses_it_too() {
    let (now, own, others) = (Duration::ZERO, key("own"), key("others"));
    let mut journal = Journal::default();
    // The others were sent by the new connection, and this was not.
    journal.remember(std::slice::from_ref(&others), now, 5);
    journal.remember(std::slice::from_ref(&own), now, 4);
    assert!(journal.lost(now, 5).0.contains(&own));
    journal.remember(std::slice::from_ref(&own), now, 4);
    assert_eq!(journal.lost(now, 5).0, [own]);
}

#[test]
fn the_recent_are_bounded() {
    let mut journal = Journal::default();
    for n in 0..=MOST_KEYS {
        journal.remember(&[key(n)], Duration::ZERO, 0);
    }
    assert_eq!(journal.lost(Duration::ZERO, 1).0.len(), MOST_KEYS);
}

/// The keys that begin with a text.
#[derive(Debug)]
struct Beginning(String);

impl KeySet for Beginning {
    fn holds(&self, key: &Key) -> bool {
        key.bare().starts_with(&self.0)
    }
    fn head(&self) -> String {
        self.0.clone()
    }
    fn id(&self) -> &str {
        &self.0
    }
}

fn beginning(text: impl ToString) -> Keys {
    Arc::new(Beginning(text.to_string()))
}

#[test]
fn what_a_pattern_names_is_distrusted_until_its_replay_is_acknowledged() {
    let mut journal = Journal::default();
    assert_eq!(journal.queue_set(&beginning("a")), Distrusted::Key);
    assert!(journal.distrusts(&key("a:7")) && !journal.distrusts(&key("b:7")));
    let sent = journal.due(|_| 0, &[], true).unwrap();
    journal.queue_set(&beginning("a"));
    assert!(!journal.acknowledged(&sent).0, "it was queued again since");
    journal.queue(&key("c"));
    assert_eq!(journal.figures().waiting, 2, "once each");
    assert!(!acknowledge(&mut journal) && acknowledge(&mut journal));
    assert!(!journal.distrusts(&key("a:7")));
    assert_eq!(journal.figures().replayed, 2);
}

#[test]
fn too_many_patterns_distrust_everything() {
    let mut journal = Journal::default();
    for n in 0..MOST_SETS {
        assert_eq!(journal.queue_set(&beginning(n)), Distrusted::Key);
    }
    assert_eq!(journal.queue_set(&beginning(0)), Distrusted::Key, "it is there already");
    assert_eq!(journal.queue_set(&beginning("one more")), Distrusted::Everything);
    assert!(journal.distrusts(&key("never heard of")));
    assert!(acknowledge(&mut journal), "one clear stands for all");
}

#[test]
fn a_reconnection_loses_recent_patterns() {
    let mut journal = Journal::default();
    for n in 0..=MOST_SETS {
        journal.remember_set(&beginning(n), Duration::ZERO, 4);
    }
    journal.remember_set(&beginning(1), Duration::from_secs(20), 4);
    let (keys, sets) = journal.lost(Duration::from_secs(31), 5);
    assert!(keys.is_empty() && sets == [beginning(1)], "the others are old");
    assert!(journal.rests(Duration::from_secs(31)));
}

#[test]
fn one_task_at_a_time() {
    let mut journal = Journal::default();
    assert!(!journal.starts(), "there is nothing to do");
    journal.queue(&key("a"));
    assert!(journal.starts() && !journal.starts());
    assert!(!journal.rests(Duration::ZERO));
    journal.died();
    assert!(journal.starts());
    acknowledge(&mut journal);
    assert!(journal.rests(Duration::ZERO) && !journal.starts());
}

#[test]
fn a_place_that_fails_holds_up_no_other() {
    let mut journal = Journal::default();
    for n in 0..2 * KEYS_PER_REPLAY {
        journal.queue(&key(n));
    }
    let place = |key: &Key| key.bare().len();
    let of = |replay: Option<Replay>| match replay {
        Some(Replay::Keys(keys)) => keys.iter().map(|(key, _)| place(key)).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let first = of(journal.due(place, &[], true));
    assert!(first.iter().all(|place| *place == first[0]), "one fate for all that go together");
    assert_eq!(of(journal.due(place, &[2, 3, 4], true)), [1; 10]);
    assert_eq!(journal.due(place, &[1, 2, 3, 4], true), None);
}

#[test]
fn what_is_all_over_the_store_waits_by_itself() {
    let mut journal = Journal::default();
    journal.queue_everything();
    journal.queue(&key("a"));
    assert!(matches!(journal.due(|_| 0, &[], true), Some(Replay::Everything { .. })));
    assert!(matches!(journal.due(|_| 0, &[], false), Some(Replay::Keys(_))));
    assert_eq!(journal.due(|_| 0, &[0], false), None);
}
