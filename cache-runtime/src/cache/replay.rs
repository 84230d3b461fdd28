//! Invalidations by writers: sent, and sent again until the store has acknowledged them.

use crate::backoff::Backoff;
use crate::cache::{Cache, WeakCache};
use crate::error::Error;
use crate::flight::journal::{Journal, RECENT, Replay};
use crate::io_thread;
use crate::key::set::Keys;
use crate::key::whole::Key;
use crate::store::{Event, Reachability, Store};
use crate::timers;
use std::time::{Duration, Instant};

/// Between attempts that fail.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_millis(500));
/// Between looks of who waits for the end of it.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Between walks over all keys: of a cluster, nodes that work are walked over each time.
const WALKS: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));

impl Cache {
    /// Invalidates what a writer has changed, `within` so long, or keeps that for later: the write
    /// has happened.
    pub(crate) async fn invalidate_written(&self, keys: &[Key], within: Result<Duration, Error>) {
        let invalidated = match within {
            Ok(within) => self.invalidate_all(keys, within).await,
            Err(error) => Err(error),
        };
        if let Err(error) = invalidated {
            self.counters().others().count_error();
            self.queue(keys, Some(&error));
        }
    }

    /// The same for what a pattern names: the writer waits for the walk over all keys for as long as
    /// calls wait for each other, and then it goes on behind.
    pub(crate) async fn invalidate_written_set(&self, set: &Keys, may_ask: Result<(), Error>) {
        let until = Instant::now().checked_add(self.settings().wait);
        let invalidated = match may_ask {
            Ok(()) => self.invalidate_set(set, until).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = invalidated {
            self.counters().others().count_error();
            self.queue_set(set, Some(&error));
        }
    }

    /// Has what has `tags` become stale, `within` so long; where that cannot be done now, it is
    /// invalidated for good later.
    pub(crate) async fn soften_written(&self, tags: &[Key], within: Result<Duration, Error>) {
        let softened = match within {
            Ok(within) => self.soften_all(tags, within).await,
            Err(error) => Err(error),
        };
        if let Err(error) = softened {
            self.counters().others().count_error();
            self.queue(tags, Some(&error));
        }
    }

    /// Keeps invalidations and sends them behind the caller's back. From now on, and until the
    /// store has acknowledged them, this process reads none of `keys` from it.
    pub(crate) fn queue(&self, keys: &[Key], why: Option<&Error>) {
        let overflows = self.flights().distrust(keys);
        self.queued(overflows, why);
    }

    /// [`queue`](Self::queue) for what a pattern names.
    pub(crate) fn queue_set(&self, set: &Keys, why: Option<&Error>) {
        let overflows = self.flights().distrust_set(set);
        self.queued(overflows, why);
    }

    /// Says that something was queued, and has it sent.
    fn queued(&self, overflows: bool, why: Option<&Error>) {
        if let Some(error) = why
            && self.flights().journal(Journal::is_news)
        {
            // Of a store that is out of reach the error alone does not say why.
            let outage = if *error == Error::Unavailable { self.store().outage() } else { None };
            tracing::warn!(
                target: "cache_runtime",
                prefix = &*self.settings().prefix,
                error = outage.unwrap_or_else(|| error.to_string()),
                "invalidations by writers wait until they reach the store; until then this \
                 process computes what they concern, and stores none of it",
            );
        }
        if overflows {
            tracing::warn!(
                target: "cache_runtime",
                prefix = &*self.settings().prefix,
                "too many invalidations wait: the whole prefix will be cleared, and until then \
                 this process reads nothing from the store",
            );
        }
        self.wake().notify_one();
        self.replay();
    }

    /// [`queue`](Self::queue) for every key there may be.
    pub(crate) fn queue_everything(&self) {
        self.flights().distrust_all();
        self.wake().notify_one();
        self.replay();
    }

    /// Notes what the store has acknowledged: a failover may lose it. `reconnects` is how many there
    /// were before it was sent.
    pub(crate) fn remember(&self, keys: &[Key], reconnects: Option<u64>) {
        self.remembered(reconnects, |journal, now, reconnects| {
            journal.remember(keys, now, reconnects);
        });
    }

    /// [`remember`](Self::remember) for what a pattern names.
    pub(crate) fn remember_set(&self, set: &Keys, reconnects: Option<u64>) {
        self.remembered(reconnects, |journal, now, reconnects| {
            journal.remember_set(set, now, reconnects);
        });
    }

    fn remembered(&self, reconnects: Option<u64>, note: impl FnOnce(&mut Journal, Duration, u64)) {
        let Some(before) = reconnects else { return };
        let now = self.clock().now();
        self.flights().journal(|journal| note(journal, now, before));
        if self.store().reconnects() != reconnects {
            // The task was woken before there was anything to send again.
            self.wake().notify_one();
        }
        self.replay();
    }

    /// Whether the store's value of `key` may be read: no invalidation of it waits.
    pub(crate) fn trusts(&self, key: &Key) -> bool {
        if self.flights().trusts_all() {
            return true;
        }
        self.replay(); // who did it may have come to an early end
        self.flights().trusts(key)
    }

    /// Sees to it that there is a task that replays: on the cache's own thread, since the runtime of
    /// whoever queues something may be gone the next moment, or stand still until its next call.
    fn replay(&self) {
        if self.flights().journal(Journal::starts) {
            let task = Replayer { cache: self.downgrade(), ended: false };
            match io_thread::handle() {
                Some(thread) => drop(thread.spawn(task.run(self.clone()))),
                None => drop(task), // a later call tries again
            }
        }
    }

    async fn send(&self, replay: &Replay) -> Result<(), Error> {
        match replay {
            Replay::Keys(keys) => {
                let keys: Vec<_> = keys.iter().map(|(key, _)| key.clone()).collect();
                self.store().remove(&keys, self.settings().timeout).await?;
                // A read that began as they were queued has perhaps kept what was about to change: it
                // was told to trust its key before, and on a cluster it waits for a node after that.
                if let Some(l1) = self.l1() {
                    l1.forget(&keys);
                }
                Ok(())
            }
            Replay::Set(set, _) => self.invalidate_set(set, None).await.map(drop),
            Replay::Everything { .. } => self.clear().await.map(drop),
        }
    }

    /// Waits, no longer than `limit`, until nothing is left to be sent. Says whether it is so.
    pub(crate) async fn all_sent(&self, limit: Duration) -> bool {
        let begun = Instant::now();
        while !self.flights().journal(|journal| journal.is_empty()) {
            if begun.elapsed() >= limit || !timers::available() {
                return false;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        true
    }

    /// Something has happened to the store's connections.
    pub(crate) fn heard(&self, event: Event) {
        match event {
            Event::Lost => {
                let now = self.clock().now();
                self.flights().journal(|journal| journal.is_away(now));
            }
            // What was acknowledged lately may be lost: the journal sends it again.
            Event::Regained => self.wake().notify_one(),
        }
    }

    /// Queues again what was acknowledged shortly before the store was lost and found.
    fn queue_lost(&self) {
        let Some(reconnects) = self.store().reconnects() else { return };
        let now = self.clock().now();
        let (keys, sets) = self.flights().journal(|journal| journal.lost(now, reconnects));
        self.flights().distrust(&keys);
        for set in &sets {
            self.flights().distrust_set(set);
        }
    }
}

/// The one task of a cache that replays. It holds the cache weakly while it waits.
struct Replayer {
    cache: WeakCache,
    ended: bool,
}

impl Replayer {
    async fn run(mut self, cache: Cache) {
        let wake = cache.wake().clone();
        let mut held = Some(cache);
        let (mut backoff, mut walks) = (BACKOFF, WALKS);
        // What has failed since the last pause, and until when no walk begins.
        let (mut failing, mut rests, mut reconnects) = (Vec::new(), None, None);
        let mut quiet = false;
        while let Some(cache) = held.take().or_else(|| self.cache.upgrade()) {
            let store = cache.store();
            // It is there, and nobody has come back: what was lost were connections of a runtime that ended.
            if std::mem::take(&mut quiet) && store.reachability() != Reachability::Unreachable {
                cache.flights().journal(Journal::is_there);
            }
            cache.queue_lost();
            if reconnects != Some(store.reconnects()) {
                (reconnects, rests, walks) = (Some(store.reconnects()), None, WALKS);
            }
            let may_walk = rests.is_none_or(|until| Instant::now() >= until);
            let due = cache
                .flights()
                .journal(|journal| journal.due(|key| store.place(key), &failing, may_walk));
            let Some(replay) = due else {
                if !(failing.is_empty() && may_walk) {
                    let pause = backoff.pause(cache.clock().random());
                    drop(cache);
                    tokio::time::sleep(pause).await;
                    failing.clear();
                    continue;
                }
                let now = cache.clock().now();
                if cache.flights().journal(|journal| journal.rests(now)) {
                    self.ended = true;
                    return;
                }
                drop(cache);
                // Until something is queued, or the store reconnects, or nothing is recent.
                quiet = tokio::time::timeout(RECENT, wake.notified()).await.is_err();
                continue;
            };
            match cache.send(&replay).await {
                Ok(()) => {
                    backoff = BACKOFF;
                    walks = if matches!(replay, Replay::Keys(_)) { walks } else { WALKS };
                    let (empty, was_said) =
                        cache.flights().journal(|journal| journal.acknowledged(&replay));
                    if empty && was_said {
                        tracing::info!(
                            target: "cache_runtime",
                            prefix = &*cache.settings().prefix,
                            "all invalidations by writers have reached the store",
                        );
                    }
                }
                // Others go on meanwhile: a node that is down holds up no other's keys.
                Err(_) => match &replay {
                    Replay::Keys(keys) => {
                        failing.extend(keys.first().map(|(key, _)| cache.store().place(key)));
                    }
                    Replay::Set(..) | Replay::Everything { .. } => {
                        let pause = walks.pause(cache.clock().random());
                        rests = Some(Instant::now() + pause);
                    }
                },
            }
        }
    }
}

impl Drop for Replayer {
    /// It could not be started, or has panicked: a later call starts another.
    fn drop(&mut self) {
        if !self.ended
            && let Some(cache) = self.cache.upgrade()
        {
            cache.flights().journal(Journal::died);
        }
    }
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
