//! Keys whose own exchange takes connections down: a value that the server does not take, or may
//! not send, and says so by closing. They are left alone for a while, neither read nor stored, so
//! that nobody else notices.

use crate::sync::{Mutex, lock};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a key may take a connection down.
const TIMES: u32 = 2;
/// For how long it is left alone then, and how long a first time is remembered.
const WHILE: Duration = Duration::from_secs(60);
/// How many keys are remembered.
const MOST: usize = 64;

/// The keys of one server that have taken connections down.
#[derive(Debug, Default)]
pub(super) struct Harmful {
    /// Whether there may be any: all that most reads look at.
    any: AtomicBool,
    /// The oldest first.
    keys: Mutex<VecDeque<(Box<str>, u32, Instant)>>,
}

impl Harmful {
    /// Whether `key` is left alone now.
    pub(super) fn leaves_alone(&self, key: &str) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        let mut keys = lock(&self.keys);
        forget_old(&mut keys);
        self.any.store(!keys.is_empty(), Ordering::Relaxed);
        keys.iter().any(|(harmful, times, _)| **harmful == *key && *times >= TIMES)
    }

    /// `key` has taken a connection down, so many times. Answers whether it is left alone from now
    /// on.
    pub(super) fn harmed(&self, key: &str, times: u32) -> bool {
        let mut keys = lock(&self.keys);
        forget_old(&mut keys);
        let before = keys.iter().position(|(harmful, ..)| **harmful == *key);
        let before = before.and_then(|at| keys.remove(at)).map_or(0, |(_, times, _)| times);
        if keys.len() >= MOST {
            keys.pop_front();
        }
        let times = before.saturating_add(times);
        keys.push_back((key.into(), times, Instant::now()));
        self.any.store(true, Ordering::Relaxed);
        before < TIMES && times >= TIMES
    }
}

fn forget_old(keys: &mut VecDeque<(Box<str>, u32, Instant)>) {
    while keys.front().is_some_and(|(.., since)| since.elapsed() > WHILE) {
        keys.pop_front();
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
    fn no_more_are_remembered_than_there_is_room_for() {
        let harmful = Harmful::default();
        for n in 0..=MOST {
            assert!(harmful.harmed(&n.to_string(), TIMES));
        }
        assert!(!harmful.leaves_alone("0") && harmful.leaves_alone("1"));
    }
}
