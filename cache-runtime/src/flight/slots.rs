//! Bodies that run in the background: which keys they are of, how many there may be, and which keys
//! rest after a failure. State alone; what runs them is in `call/background`.

use crate::key::whole::Key;
use crate::sync::{self, Mutex, MutexGuard};
use crate::timers;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::sync::Notify;

/// Bodies that one cache has in the background at most.
const MOST: usize = 64;
/// For so long a key is not refreshed again after a failure.
const BACKOFF: Duration = Duration::from_secs(5);
/// Failures that are remembered at most.
const MOST_FAILURES: usize = 4096;

/// The bodies that one cache has in the background, and the failures of late.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    all: Mutex<All>,
    given_back: Notify,
}

#[derive(Debug, Default)]
struct All {
    /// The keys that are being refreshed.
    refreshing: HashSet<Key>,
    /// How many bodies go on that their callers have left.
    left: usize,
    /// Until when each key rests, by the cache's clock.
    resting: HashMap<Key, Duration>,
    closed: bool,
}

/// Why no refresh is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSlot {
    /// The key is being refreshed already, or its last refresh failed just now.
    Resting,
    /// There are as many bodies as there may be.
    Full,
}

impl Slots {
    fn lock(&self) -> MutexGuard<'_, All> {
        sync::lock(&self.all)
    }

    /// Takes a slot to refresh `key`, which one body at a time does.
    pub(crate) fn take_to_refresh(&self, key: &Key, now: Duration) -> Result<(), NoSlot> {
        let mut all = self.lock();
        if all.refreshing.contains(key) || all.rests(key, now) {
            return Err(NoSlot::Resting);
        }
        if all.is_full() {
            return Err(NoSlot::Full);
        }
        all.refreshing.insert(key.clone());
        Ok(())
    }

    /// Takes a slot for a body whose caller leaves.
    pub(crate) fn take_to_go_on(&self) -> Result<(), NoSlot> {
        let mut all = self.lock();
        if all.is_full() {
            return Err(NoSlot::Full);
        }
        all.left += 1;
        Ok(())
    }

    /// Gives back a slot that was taken to refresh that key, or for a body that went on.
    pub(crate) fn give_back(&self, refreshed: Option<&Key>) {
        let mut all = self.lock();
        match refreshed {
            Some(key) => drop(all.refreshing.remove(key)),
            None => all.left = all.left.saturating_sub(1),
        }
        drop(all);
        self.given_back.notify_waiters();
    }

    /// Whether the last attempt at `key` failed a moment ago, so that none is made now.
    pub(crate) fn rests(&self, key: &Key, now: Duration) -> bool {
        self.lock().rests(key, now)
    }

    /// An attempt at `key` failed.
    pub(crate) fn failed(&self, key: &Key, now: Duration) {
        let mut all = self.lock();
        if all.resting.len() >= MOST_FAILURES {
            all.resting.retain(|_, until| *until > now);
        }
        // Of more failures than that none is remembered: memory is worth more than attempts.
        if all.resting.len() < MOST_FAILURES {
            all.resting.insert(key.clone(), now.saturating_add(BACKOFF));
        }
    }

    /// How many bodies there are now.
    pub(crate) fn running(&self) -> usize {
        self.lock().count()
    }

    /// Starts no more, and waits until there are none, `limit` at the longest. Says whether all
    /// have ended.
    pub(crate) async fn close(&self, limit: Duration) -> bool {
        self.lock().closed = true;
        let all_ended = async {
            loop {
                let given_back = self.given_back.notified();
                if self.lock().count() == 0 {
                    return;
                }
                given_back.await;
            }
        };
        if !timers::available() {
            return self.lock().count() == 0;
        }
        tokio::time::timeout(limit, all_ended).await.is_ok()
    }
}

impl All {
    fn count(&self) -> usize {
        self.refreshing.len() + self.left
    }

    fn is_full(&self) -> bool {
        self.closed || self.count() >= MOST
    }

    fn rests(&mut self, key: &Key, now: Duration) -> bool {
        match self.resting.get(key) {
            Some(until) if *until > now => true,
            Some(_) => {
                self.resting.remove(key);
                false
            }
            None => false,
        }
    }
}
