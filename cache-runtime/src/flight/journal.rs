//! Invalidations that have not reached the store, and those that it may have lost: pure state.
//! What sends them again is in `replay`.
//!
//! A key in the journal is distrusted: this process does not read it from the store, since the
//! value there is one that a writer has already replaced. Each entry has a number, new whenever
//! the key is queued, and what was sent for one number says nothing of a later one.

use crate::figures::stats::JournalStats;
use crate::key::set::Keys;
use crate::key::whole::Key;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// More keys than this are not told apart any more: then the whole prefix is distrusted.
const MOST_KEYS: usize = 10_000;
/// More patterns than this are not told apart either: each call would ask them all.
pub(crate) const MOST_SETS: usize = 100;
/// Keys sent together.
const KEYS_PER_REPLAY: usize = 512;
/// A failover may lose what was written this long before it.
pub(crate) const RECENT: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(crate) struct Journal {
    keys: HashMap<Key, u64>,
    /// What patterns name, in the order in which it is sent.
    sets: Vec<(Keys, u64)>,
    /// There were too many keys: what waits is a clear of the whole prefix.
    everything: Option<u64>,
    next: u64,
    /// What the store has acknowledged lately, oldest first.
    recent: VecDeque<(Duration, Key)>,
    /// The same of patterns.
    recent_sets: VecDeque<(Duration, Keys)>,
    /// Since when the store has been away, if it is: until it is back, what it acknowledged before is as
    /// recent as it was then. A failover may take longer than anything is recent.
    away: Option<Duration>,
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
    Set(Keys, u64),
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

    /// [`queue`](Self::queue) for what a pattern names.
    pub(crate) fn queue_set(&mut self, set: &Keys) -> Distrusted {
        self.queued += 1;
        let number = self.next;
        self.next += 1;
        if let Some((_, entry)) = self.sets.iter_mut().find(|(own, _)| own == set) {
            *entry = number;
            return Distrusted::Key;
        }
        if self.sets.len() < MOST_SETS {
            self.sets.push((set.clone(), number));
            return Distrusted::Key;
        }
        self.queue_everything();
        Distrusted::Everything
    }

    /// Keeps a clear of the whole prefix, and distrusts all of it until it is replayed.
    pub(crate) fn queue_everything(&mut self) {
        // It is sent after all that is there, and so stands for it.
        self.keys.clear();
        self.sets.clear();
        self.everything = Some(self.next);
        self.next += 1;
    }

    pub(crate) fn distrusts(&self, key: &Key) -> bool {
        self.everything.is_some()
            || self.keys.contains_key(key)
            || self.sets.iter().any(|(set, _)| set.holds(key))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.everything.is_none() && self.keys.is_empty() && self.sets.is_empty()
    }

    /// What to send next: keys that are all in one place, which is none of those that are `failing`, or
    /// what is all over the store, if `walks` may begin now.
    pub(crate) fn due<P: PartialEq>(
        &self,
        place: impl Fn(&Key) -> P,
        failing: &[P],
        walks: bool,
    ) -> Option<Replay> {
        if self.everything.is_some() && walks {
            return Some(Replay::Everything { before: self.next });
        }
        let mut here = None;
        let keys = self.keys.iter().filter(|(key, _)| {
            let place = place(key);
            match &here {
                Some(here) => *here == place,
                None if failing.contains(&place) => false,
                None => {
                    here = Some(place);
                    true
                }
            }
        });
        let keys: Vec<_> =
            keys.take(KEYS_PER_REPLAY).map(|(key, number)| (key.clone(), *number)).collect();
        if !keys.is_empty() {
            return Some(Replay::Keys(keys));
        }
        let set = self.sets.first().filter(|_| walks);
        set.map(|(set, number)| Replay::Set(set.clone(), *number))
    }

    /// The store has acknowledged `replay`. Answers whether nothing waits any more, and whether
    /// anybody has been told that something did.
    pub(crate) fn acknowledged(&mut self, replay: &Replay) -> (bool, bool) {
        let before = self.keys.len() + self.sets.len();
        match replay {
            Replay::Keys(keys) => {
                for (key, number) in keys {
                    if self.keys.get(key) == Some(number) {
                        self.keys.remove(key);
                    }
                }
            }
            Replay::Set(set, number) => {
                self.sets.retain(|(own, queued)| own != set || queued != number);
            }
            Replay::Everything { before } => {
                self.everything = self.everything.filter(|number| number >= before);
                self.keys.retain(|_, number| *number >= *before);
                self.sets.retain(|(_, number)| *number >= *before);
            }
        }
        self.replayed += (before - self.keys.len() - self.sets.len()) as u64;
        let empty = self.is_empty();
        (empty, empty && std::mem::take(&mut self.said))
    }

    /// Whether the log is to say that invalidations wait: once per outage.
    pub(crate) fn is_news(&mut self) -> bool {
        !std::mem::replace(&mut self.said, true)
    }

    /// Notes what the store has acknowledged at `now`, in case it forgets it: what was sent after so
    /// many reconnections.
    pub(crate) fn remember(&mut self, keys: &[Key], now: Duration, reconnects: u64) {
        self.begins_recent(now, reconnects);
        for key in keys {
            if self.recent.len() >= MOST_KEYS {
                self.recent.pop_front();
            }
            self.recent.push_back((now, key.clone()));
        }
    }

    /// [`remember`](Self::remember) for what a pattern names.
    pub(crate) fn remember_set(&mut self, set: &Keys, now: Duration, reconnects: u64) {
        self.begins_recent(now, reconnects);
        self.recent_sets.retain(|(_, own)| own != set);
        if self.recent_sets.len() >= MOST_SETS {
            self.recent_sets.pop_front();
        }
        self.recent_sets.push_back((now, set.clone()));
    }

    fn begins_recent(&mut self, now: Duration, reconnects: u64) {
        self.forget_old(now);
        // One between its sending and now concerns it, whatever others have seen of that.
        let of_others = self.has_recent().then_some(self.reconnects);
        self.reconnects = of_others.map_or(reconnects, |others| others.min(reconnects));
    }

    fn has_recent(&self) -> bool {
        !self.recent.is_empty() || !self.recent_sets.is_empty()
    }

    /// What has to be sent again, the store having reconnected since it was acknowledged.
    pub(crate) fn lost(&mut self, now: Duration, reconnects: u64) -> (Vec<Key>, Vec<Keys>) {
        self.forget_old(now);
        if std::mem::replace(&mut self.reconnects, reconnects) == reconnects {
            return Default::default();
        }
        self.is_there();
        let keys = self.recent.drain(..).map(|(_, key)| key);
        let sets = self.recent_sets.drain(..).map(|(_, set)| set);
        (keys.collect(), sets.collect())
    }

    /// The store has been lost, at `now` if that is not known yet.
    pub(crate) fn is_away(&mut self, now: Duration) {
        self.forget_old(now);
        if self.has_recent() {
            self.away.get_or_insert(now);
        }
    }

    /// The store is not away any more.
    pub(crate) fn is_there(&mut self) {
        self.away = None;
    }

    fn forget_old(&mut self, now: Duration) {
        let until = self.away.map_or(now, |since| since.min(now));
        let is_old = |then: Duration| until.saturating_sub(then) > RECENT;
        while self.recent.front().is_some_and(|(then, _)| is_old(*then)) {
            self.recent.pop_front();
        }
        while self.recent_sets.front().is_some_and(|(then, _)| is_old(*then)) {
            self.recent_sets.pop_front();
        }
    }

    /// Whether a task that replays is to be started; then there is one.
    pub(crate) fn starts(&mut self) -> bool {
        let wanted = !self.is_empty() || self.has_recent();
        wanted && !std::mem::replace(&mut self.replaying, true)
    }

    /// Whether the task has nothing left to wait for; then there is none.
    pub(crate) fn rests(&mut self, now: Duration) -> bool {
        self.forget_old(now);
        let rests = self.is_empty() && !self.has_recent();
        self.replaying &= !rests;
        rests
    }

    /// The task is gone, whatever it has left.
    pub(crate) fn died(&mut self) {
        self.replaying = false;
    }

    pub(crate) fn figures(&self) -> JournalStats {
        JournalStats {
            waiting: (self.keys.len() + self.sets.len()) as u64,
            everything: self.everything.is_some(),
            queued: self.queued,
            replayed: self.replayed,
        }
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
