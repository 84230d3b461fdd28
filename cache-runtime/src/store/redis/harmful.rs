//! Keys whose own exchange takes connections down: a value that the server does not take, or may
//! not send, and says so by closing; one that is larger than what is read; and one that takes
//! longer to read than a call waits. They are left alone for a while, neither read nor stored, so
//! that nobody else notices.
//!
//! A read that was not answered in time says little: others wait behind the one that is to blame,
//! and a server that hangs answers none. It makes its key a suspect. The next read of a suspect
//! first asks how long its value is, which costs nearly nothing: a short one is acquitted, and a
//! long one that a server which has just answered does not send in time either is to blame.

use crate::sync::{Mutex, lock};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a key may take a connection down.
pub(super) const TIMES: u32 = 2;
/// For how long it is left alone then.
const REST: Duration = Duration::from_secs(60);
/// For how long it is remembered, and suspected when it rests no more.
const REMEMBERED: Duration = Duration::from_secs(600);
/// How many keys are remembered. More than go by one message, which are suspected together.
const MOST: usize = 256;

/// How a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Innocent,
    Suspect,
    LeftAlone,
}

/// The keys of one server that have taken connections down, or may have.
#[derive(Debug, Default)]
pub(super) struct Harmful {
    /// Whether there may be any: all that most reads look at.
    any: AtomicBool,
    keys: Mutex<HashMap<Box<str>, Record>>,
}

/// What is known of a key.
#[derive(Debug, Clone, Copy)]
struct Record {
    /// How often it has taken a connection down.
    times: u32,
    /// When something was last held against it.
    since: Instant,
}

impl Harmful {
    pub(super) fn standing(&self, key: &str) -> Standing {
        if !self.any.load(Ordering::Relaxed) {
            return Standing::Innocent;
        }
        let keys = lock(&self.keys);
        match keys.get(key).map(|record| (record.times, record.since.elapsed())) {
            Some((TIMES.., since)) if since <= REST => Standing::LeftAlone,
            Some((_, since)) if since <= REMEMBERED => Standing::Suspect,
            _ => Standing::Innocent,
        }
    }

    pub(super) fn leaves_alone(&self, key: &str) -> bool {
        self.standing(key) == Standing::LeftAlone
    }

    /// `key` was not read in time. Where there is no room it is not remembered: who waited behind
    /// the one that is to blame came later.
    pub(super) fn suspect(&self, key: &str) {
        self.note(key, 0);
    }

    /// `key` has taken a connection down, so many times. Answers whether it is left alone from now
    /// on, the first time.
    pub(super) fn harmed(&self, key: &str, times: u32) -> bool {
        let before = self.note(key, times);
        before < TIMES && before.saturating_add(times) >= TIMES
    }

    /// `key` was read. That it has no value says nothing of the one that could not be stored.
    pub(super) fn acquit(&self, key: &str, has_value: bool) {
        let mut keys = lock(&self.keys);
        if has_value || keys.get(key).is_some_and(|record| record.times == 0) {
            keys.remove(key);
        }
        self.any.store(!keys.is_empty(), Ordering::Relaxed);
    }

    /// Answers how often it had taken one down before.
    fn note(&self, key: &str, times: u32) -> u32 {
        let (mut keys, since) = (lock(&self.keys), Instant::now());
        if !keys.contains_key(key) && keys.len() >= MOST {
            keys.retain(|_, record| record.since.elapsed() <= REMEMBERED);
            let oldest = keys.iter().min_by_key(|(_, record)| record.since);
            match oldest.filter(|_| keys.len() >= MOST).map(|(oldest, _)| oldest.clone()) {
                Some(_) if times == 0 => return 0,
                Some(oldest) => drop(keys.remove(&oldest)),
                None => {}
            }
        }
        let record = keys.entry(key.into()).or_insert(Record { times: 0, since });
        let before = record.times;
        *record = Record { times: before.saturating_add(times), since };
        self.any.store(true, Ordering::Relaxed);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_time_is_once_too_often() {
        let harmful = Harmful::default();
        assert!(!harmful.leaves_alone("a"));
        assert!(!harmful.harmed("a", 1) && !harmful.leaves_alone("a"));
        assert!(harmful.harmed("a", 1) && harmful.leaves_alone("a"));
        assert!(!harmful.harmed("a", 1), "it is said once");
        assert!(!harmful.leaves_alone("b"));
    }

    #[test]
    fn a_suspect_is_not_left_alone_until_it_has_done_harm() {
        let harmful = Harmful::default();
        for _ in 0..9 {
            harmful.suspect("a");
        }
        assert_eq!(harmful.standing("a"), Standing::Suspect);
        assert_eq!(harmful.standing("b"), Standing::Innocent);
        harmful.acquit("a", false);
        assert_eq!(harmful.standing("a"), Standing::Innocent);
        assert!(!harmful.any.load(Ordering::Relaxed), "and nobody pays for it any more");
    }

    #[test]
    fn what_could_not_be_stored_is_not_acquitted_by_its_absence() {
        let harmful = Harmful::default();
        harmful.harmed("a", 1);
        harmful.acquit("a", false);
        assert_eq!(harmful.standing("a"), Standing::Suspect);
        harmful.acquit("a", true);
        assert_eq!(harmful.standing("a"), Standing::Innocent);
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let harmful = Harmful::default();
        for n in 0..MOST {
            assert!(harmful.harmed(&n.to_string(), TIMES));
        }
        harmful.suspect("late");
        assert_eq!(harmful.standing("late"), Standing::Innocent);
        assert!(harmful.leaves_alone("0"));
        assert!(harmful.harmed("worse", TIMES) && harmful.leaves_alone("worse"));
        assert!(!harmful.leaves_alone("0") && harmful.leaves_alone("1"));
        assert_eq!(lock(&harmful.keys).len(), MOST);
    }
}
