//! Invalidations that have not reached the store, and those that it may have lost: pure state.
//! What sends them again is in `replay`.
//!
//! A key in the journal is distrusted: this process does not read it from the store, since the
//! value there is one that a writer has already replaced. Each entry has a number, new whenever
//! the key is queued, and what was sent for one number says nothing of a later one.

use crate::figures::stats::JournalStats;
use crate::key::whole::Key;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// More keys than this are not told apart any more: then the whole prefix is distrusted.
const MOST_KEYS: usize = 10_000;
/// Keys sent together.
const KEYS_PER_REPLAY: usize = 512;
/// A failover may lose what was written this long before it.
pub(crate) const RECENT: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(crate) struct Journal {
    keys: HashMap<Key, u64>,
    /// There were too many keys: what waits is a clear of the whole prefix.
    everything: Option<u64>,
    next: u64,
    /// What the store has acknowledged lately, oldest first.
    recent: VecDeque<(Duration, Key)>,
    /// The store's reconnections up to which `recent` has been dealt with.
    reconnects: u64,
    /// Whether there is a task that replays.
    replaying: bool,
    /// Whether this outage has been logged.
    said: bool,
    queued: u64,
    replayed: u64,
}

/// What queueing a key came to distrust.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Distrusted {
    Key,
    Everything,
}

/// What is to be sent, with what tells whether it has been queued again since.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    Keys(Vec<(Key, u64)>),
    Everything { before: u64 },
}

impl Journal {
    /// Keeps an invalidation, and distrusts its key until it is replayed.
    pub(crate) fn queue(&mut self, key: &Key) -> Distrusted {
        self.queued += 1;
        let number = self.next;
        self.next += 1;
        if let Some(entry) = self.keys.get_mut(key) {
            *entry = number;
            return Distrusted::Key;
        }
        if self.keys.len() < MOST_KEYS {
            self.keys.insert(key.clone(), number);
            return Distrusted::Key;
        }
        self.queue_everything();
        Distrusted::Everything
    }

    /// Keeps a clear of the whole prefix, and distrusts all of it until it is replayed.
    pub(crate) fn queue_everything(&mut self) {
        // It is sent after all that is there, and so stands for it.
        self.keys.clear();
        self.everything = Some(self.next);
        self.next += 1;
    }

    pub(crate) fn distrusts(&self, key: &Key) -> bool {
        self.everything.is_some() || self.keys.contains_key(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.everything.is_none() && self.keys.is_empty()
    }

    /// What to send next.
    pub(crate) fn due(&self) -> Option<Replay> {
        if self.everything.is_some() {
            return Some(Replay::Everything { before: self.next });
        }
        let keys = self.keys.iter().take(KEYS_PER_REPLAY);
        let keys: Vec<_> = keys.map(|(key, number)| (key.clone(), *number)).collect();
        (!keys.is_empty()).then_some(Replay::Keys(keys))
    }

    /// The store has acknowledged `replay`. Answers whether nothing waits any more, and whether
    /// anybody has been told that something did.
    pub(crate) fn acknowledged(&mut self, replay: &Replay) -> (bool, bool) {
        let before = self.keys.len();
        match replay {
            Replay::Keys(keys) => {
                for (key, number) in keys {
                    if self.keys.get(key) == Some(number) {
                        self.keys.remove(key);
                    }
                }
            }
            Replay::Everything { before } => {
                self.everything = self.everything.filter(|number| number >= before);
                self.keys.retain(|_, number| *number >= *before);
            }
        }
        self.replayed += (before - self.keys.len()) as u64;
        let empty = self.is_empty();
        (empty, empty && std::mem::take(&mut self.said))
    }

    /// Whether the log is to say that invalidations wait: once per outage.
    pub(crate) fn is_news(&mut self) -> bool {
        !std::mem::replace(&mut self.said, true)
    }

    /// Notes what the store has acknowledged at `now`, in case it forgets it.
    pub(crate) fn remember(&mut self, keys: &[Key], now: Duration, reconnects: u64) {
        self.forget_old(now);
        if self.recent.is_empty() {
            self.reconnects = reconnects;
        }
        for key in keys {
            if self.recent.len() >= MOST_KEYS {
                self.recent.pop_front();
            }
            self.recent.push_back((now, key.clone()));
        }
    }

    /// What has to be sent again, the store having reconnected since it was acknowledged.
    pub(crate) fn lost(&mut self, now: Duration, reconnects: u64) -> Vec<Key> {
        self.forget_old(now);
        if std::mem::replace(&mut self.reconnects, reconnects) == reconnects {
            return Vec::new();
        }
        self.recent.drain(..).map(|(_, key)| key).collect()
    }

    fn forget_old(&mut self, now: Duration) {
        while self.recent.front().is_some_and(|(then, _)| now.saturating_sub(*then) > RECENT) {
            self.recent.pop_front();
        }
    }

    /// Whether a task that replays is to be started; then there is one.
    pub(crate) fn starts(&mut self) -> bool {
        let wanted = !self.is_empty() || !self.recent.is_empty();
        wanted && !std::mem::replace(&mut self.replaying, true)
    }

    /// Whether the task has nothing left to wait for; then there is none.
    pub(crate) fn rests(&mut self, now: Duration) -> bool {
        self.forget_old(now);
        let rests = self.is_empty() && self.recent.is_empty();
        self.replaying &= !rests;
        rests
    }

    /// The task is gone, whatever it has left.
    pub(crate) fn died(&mut self) {
        self.replaying = false;
    }

    pub(crate) fn figures(&self) -> JournalStats {
        JournalStats {
            waiting: self.keys.len() as u64,
            everything: self.everything.is_some(),
            queued: self.queued,
            replayed: self.replayed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(bare: impl ToString) -> Key {
        Key::new("p", &bare.to_string())
    }

    fn acknowledge(journal: &mut Journal) -> bool {
        let due = journal.due().unwrap();
        journal.acknowledged(&due).0
    }

    #[test]
    fn a_key_is_distrusted_until_its_replay_is_acknowledged() {
        let mut journal = Journal::default();
        assert_eq!(journal.queue(&key("a")), Distrusted::Key);
        let sent = journal.due().unwrap();
        assert!(
            journal.distrusts(&key("a")) && !journal.distrusts(&key("b")),
            "sent is not acknowledged"
        );
        assert_eq!(journal.acknowledged(&sent), (true, false));
        assert!(!journal.distrusts(&key("a")) && journal.due().is_none());
    }

    #[test]
    fn what_is_queued_after_the_replay_was_sent_stays() {
        let mut journal = Journal::default();
        journal.queue(&key("a"));
        let sent = journal.due().unwrap();
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
        let sent = journal.due().unwrap();
        journal.queue(&key("a"));
        assert!(!journal.acknowledged(&sent).0);
        assert!(journal.distrusts(&key("a")) && !journal.distrusts(&key("b")));

        let mut journal = overflowed();
        let sent = journal.due().unwrap();
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
        assert!(journal.lost(secs(30), 4).is_empty(), "nothing has happened");
        assert_eq!(journal.lost(secs(31), 5), keys(&["a", "b"]));
        assert!(journal.lost(secs(31), 6).is_empty(), "they are queued by now");
        assert!(journal.rests(secs(31)));
    }

    #[test]
    fn the_recent_are_bounded() {
        let mut journal = Journal::default();
        for n in 0..=MOST_KEYS {
            journal.remember(&[key(n)], Duration::ZERO, 0);
        }
        assert_eq!(journal.lost(Duration::ZERO, 1).len(), MOST_KEYS);
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
}
