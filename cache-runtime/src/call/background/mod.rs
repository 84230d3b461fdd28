//! Bodies behind the callers' backs: how they are refreshed, how many there are, and when they rest.

pub(crate) mod own;

use crate::cache::Cache;
use crate::cache::context;
use crate::call::Active;
use crate::call::lease;
use crate::call::read_through::refresh;
use crate::call::work::Work;
use crate::figures::stats::Counters;
use crate::plan::Plan;
use crate::plan::shape::Shape;
use crate::timers;
use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Bodies that one cache has in the background at most.
const MOST: usize = 64;
/// For so long a key is not refreshed again after a failure.
const BACKOFF: Duration = Duration::from_secs(5);
/// Failures that are remembered at most.
const MOST_FAILURES: usize = 4096;

/// Makes a body that owns all it uses.
pub(crate) struct Owning<F>(pub(crate) F);

impl<S, F, B> Work<S, Pin<Box<B>>> for Owning<F>
where
    S: Shape<Output: 'static, Stored: Send> + 'static,
    F: FnOnce() -> B,
    B: Future<Output = S::Output> + Send + 'static,
{
    fn here(self) -> Pin<Box<B>> {
        Box::pin((self.0)())
    }

    fn behind(self, call: &Active, plan: &Plan<S>, above: Duration) {
        if !timers::available() {
            return;
        }
        let ticket = match Ticket::take(&call.cache, &call.key) {
            Ok(ticket) => ticket,
            Err(Refused::Enough) => return call.count(Counters::count_skipped),
            Err(Refused::Resting) => return,
        };
        call.count(Counters::count_refresh);
        let (call, plan, body) = (call.for_behind(), plan.clone(), Box::pin((self.0)()));
        ticket.run(async move { refresh(&call, &plan, above, body).await });
    }
}

/// The bodies that one cache has in the background, and the failures of late.
#[derive(Debug, Default)]
pub(crate) struct Refreshes {
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The keys that are being refreshed.
    running: HashSet<String>,
    /// How many bodies go on that their callers have left.
    going_on: usize,
    /// Until when each key rests, by the cache's clock.
    resting: HashMap<String, Duration>,
    closed: bool,
}

/// Why no refresh is started.
enum Refused {
    /// There is one of this key already, or the last one failed just now.
    Resting,
    /// There are as many as there may be.
    Enough,
}

impl Refreshes {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of others runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the last attempt at `key` failed a moment ago, so that none is made now.
    pub(crate) fn rests(&self, key: &str, now: Duration) -> bool {
        self.lock().rests(key, now)
    }

    /// An attempt at `key` failed.
    pub(crate) fn failed(&self, key: &str, now: Duration) {
        let mut state = self.lock();
        if state.resting.len() >= MOST_FAILURES {
            state.resting.retain(|_, until| *until > now);
        }
        // Of more failures than that none is remembered: memory is worth more than attempts.
        if state.resting.len() < MOST_FAILURES {
            state.resting.insert(key.to_owned(), now.saturating_add(BACKOFF));
        }
    }

    /// How many there are now.
    pub(crate) fn running(&self) -> usize {
        self.lock().count()
    }

    /// Starts no more, and waits until there are none, `limit` at the longest. Says whether all
    /// have ended.
    pub(crate) async fn close(&self, limit: Duration) -> bool {
        self.lock().closed = true;
        let all_ended = async {
            loop {
                let ended = self.ended.notified();
                if self.lock().count() == 0 {
                    return;
                }
                ended.await;
            }
        };
        if !timers::available() {
            return self.lock().count() == 0;
        }
        tokio::time::timeout(limit, all_ended).await.is_ok()
    }
}

impl State {
    fn count(&self) -> usize {
        self.running.len() + self.going_on
    }

    fn is_full(&self) -> bool {
        self.closed || self.count() >= MOST
    }

    fn rests(&mut self, key: &str, now: Duration) -> bool {
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

/// The right to run a body in the background. Dropped before that has ended well, the key rests.
pub(crate) struct Ticket {
    cache: Cache,
    key: String,
    /// Whether it refreshes the key, which one body at a time does.
    refreshes: bool,
    failed: bool,
}

impl Ticket {
    /// To refresh `key`.
    fn take(cache: &Cache, key: &str) -> Result<Self, Refused> {
        let now = cache.clock().now();
        let mut state = cache.refreshes().lock();
        if state.running.contains(key) || state.rests(key, now) {
            return Err(Refused::Resting);
        }
        if state.is_full() {
            return Err(Refused::Enough);
        }
        state.running.insert(key.to_owned());
        Ok(Self { cache: cache.clone(), key: key.to_owned(), refreshes: true, failed: true })
    }

    /// To go on with a body whose caller has left; `None` where there are enough.
    pub(crate) fn to_go_on(cache: &Cache, key: &str) -> Option<Self> {
        let mut state = cache.refreshes().lock();
        if state.is_full() {
            return None;
        }
        state.going_on += 1;
        Some(Self { cache: cache.clone(), key: key.to_owned(), refreshes: false, failed: true })
    }

    /// Runs `body`, which says whether it failed, in a task of its own. It is dropped once no lease
    /// can be its own any more: whoever joined its flight would wait for what nobody can store.
    pub(crate) fn run(self, body: impl Future<Output = bool> + Send + 'static) {
        drop(tokio::spawn(context::behind(async move {
            let mut ticket = self;
            match tokio::time::timeout(lease::LONGEST, body).await {
                Ok(failed) => ticket.failed = failed,
                Err(_) => tracing::warn!(
                    target: "cache_runtime",
                    key = ticket.key,
                    "a body in the background has run for a minute and was dropped"
                ),
            }
        })));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let refreshes = self.cache.refreshes();
        if self.failed {
            refreshes.failed(&self.key, self.cache.clock().now());
        }
        let mut state = refreshes.lock();
        if self.refreshes {
            state.running.remove(&self.key);
        } else {
            state.going_on = state.going_on.saturating_sub(1);
        }
        drop(state);
        refreshes.ended.notify_waiters();
    }
}

impl Cache {
    /// Starts nothing more in the background and waits for the bodies that run there, ten seconds
    /// at the longest (the builder's `wait`). Says whether all have ended.
    ///
    /// Call it before the runtime ends, so that what is being computed is stored. Calls go on as
    /// before; stale values are then served without being refreshed, and a body whose caller's
    /// timeout has passed ends with it.
    pub async fn shutdown(&self) -> bool {
        self.shutdown_within(self.settings().wait).await
    }

    /// [`shutdown`](Self::shutdown) with a limit of its own.
    pub async fn shutdown_within(&self, limit: Duration) -> bool {
        self.refreshes().close(limit).await
    }
}
