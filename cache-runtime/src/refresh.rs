//! Refreshes behind the callers' backs: what they run, how many there are, and when they rest.

use crate::cache::Cache;
use crate::call::Active;
use crate::context;
use crate::outcome::Shape;
use crate::plan::Plan;
use crate::read_through::refresh;
use crate::stats::Counters;
use crate::timers;
use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Refreshes that one cache has under way at most.
const MOST: usize = 64;
/// For so long a key is not refreshed again after a failure.
const BACKOFF: Duration = Duration::from_secs(5);
/// Failures that are remembered at most.
const MOST_FAILURES: usize = 4096;

/// How the body `B` of a call can be run.
///
/// `B` is a parameter and not an associated type: as one, the futures of callers would have to
/// prove again what it is, for all lifetimes, to be `Send`, which the compiler cannot.
pub(crate) trait Work<S: Shape, B>: Sized {
    /// In the caller's own task.
    fn here(self) -> B;
    /// In a task of its own, to store what it computes; unless there are enough of them.
    /// A value with more than `above` of its life left is newer than the one to refresh.
    fn behind(self, call: &Active, plan: &Plan<S>, above: Duration);
}

/// A body that uses what its caller has, and so ends with it.
impl<S: Shape, B: Future<Output = S::Output>> Work<S, Self> for Pin<&mut B> {
    fn here(self) -> Self {
        self
    }

    fn behind(self, _: &Active, _: &Plan<S>, _: Duration) {}
}

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
        drop(tokio::spawn(context::behind(async move {
            let failed = refresh(&call, &plan, above, body).await;
            ticket.end(failed);
        })));
    }
}

/// The refreshes of one cache, and the failures of late.
#[derive(Debug, Default)]
pub(crate) struct Refreshes {
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    running: HashSet<String>,
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
        self.lock().running.len()
    }

    /// Starts no more, and waits until there are none, `limit` at the longest. Says whether all
    /// have ended.
    pub(crate) async fn close(&self, limit: Duration) -> bool {
        self.lock().closed = true;
        let all_ended = async {
            loop {
                let ended = self.ended.notified();
                if self.lock().running.is_empty() {
                    return;
                }
                ended.await;
            }
        };
        if !timers::available() {
            return self.lock().running.is_empty();
        }
        tokio::time::timeout(limit, all_ended).await.is_ok()
    }
}

impl State {
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

/// The right to refresh one key. Dropped before the refresh has ended well, the key rests.
struct Ticket {
    cache: Cache,
    key: String,
    failed: bool,
}

impl Ticket {
    fn take(cache: &Cache, key: &str) -> Result<Self, Refused> {
        let now = cache.clock().now();
        let mut state = cache.refreshes().lock();
        if state.running.contains(key) || state.rests(key, now) {
            return Err(Refused::Resting);
        }
        if state.closed || state.running.len() >= MOST {
            return Err(Refused::Enough);
        }
        state.running.insert(key.to_owned());
        Ok(Self { cache: cache.clone(), key: key.to_owned(), failed: true })
    }

    /// The refresh has ended, and did not panic.
    fn end(mut self, failed: bool) {
        self.failed = failed;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let refreshes = self.cache.refreshes();
        if self.failed {
            refreshes.failed(&self.key, self.cache.clock().now());
        }
        refreshes.lock().running.remove(&self.key);
        refreshes.ended.notify_waiters();
    }
}

impl Cache {
    /// Starts no more refreshes in the background and waits for those under way, ten seconds at
    /// the longest (the builder's `wait`). Says whether all have ended.
    ///
    /// Call it before the runtime ends, so that what is being refreshed is stored. Calls go on as
    /// before; stale values are then served without being refreshed.
    pub async fn shutdown(&self) -> bool {
        self.shutdown_within(self.settings().wait).await
    }

    /// [`shutdown`](Self::shutdown) with a limit of its own.
    pub async fn shutdown_within(&self, limit: Duration) -> bool {
        self.refreshes().close(limit).await
    }
}
