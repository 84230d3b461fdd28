//! One computation that others wait for, and what it comes to.
//!
//! Whoever leads counts the store commands that could settle the flight, before sending them. A
//! waiter takes what such a command brought only if it was sent after the waiter came, and else
//! looks again: an invalidation that was over before the waiter's call began is then seen.

use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::plan::shape::SharedError;
use crate::sync::{AtomicBool, AtomicUsize, Mutex, Notify, Ordering, lock};
use crate::timers;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One computation that others may wait for.
#[derive(Default)]
pub(crate) struct Flight {
    progress: Mutex<Progress>,
    landed: Notify,
    waiters: AtomicUsize,
    /// What is computed has these.
    tags: Tags,
    /// Nobody joins it any more, and yet what it comes to may be good.
    detached: AtomicBool,
}

#[derive(Default)]
struct Progress {
    /// Store commands sent so far that could settle the flight, and whether its body began.
    commands: u64,
    /// What it came to, and for whom: those who came before this many commands were sent.
    landing: Option<(Landing, u64)>,
}

/// What a flight came to.
pub(crate) enum Landing {
    /// The encoded value, and when it stops being fresh by the cache's clock.
    Value(Arc<[u8]>, Duration),
    /// An error that can be copied.
    Error(SharedError),
    /// The body ended, but its result cannot be handed over: everybody computes, at once.
    Unshared,
    /// Nothing: the leader was cancelled or panicked, or what it computed is old already. Look
    /// again, and perhaps lead.
    Again,
}

/// What waiting came to.
#[derive(Debug)]
pub(crate) enum Waited {
    /// The flight's value, and when it stops being fresh by the cache's clock.
    Value(Arc<[u8]>, Duration),
    /// The flight's error, see [`Waiter::copy_error`].
    Error,
    /// Nothing that can be handed over: compute.
    Unshared,
    /// Look again, from the start.
    Again,
    /// The wait was too long: compute, and store nothing.
    TimedOut,
}

/// A place in somebody else's flight.
#[derive(Debug)]
pub(crate) struct Waiter {
    flight: Arc<Flight>,
    /// Commands that had been sent when this caller came.
    came_after: u64,
}

impl Flight {
    pub(super) fn of(tags: &Tags) -> Self {
        Self { tags: tags.clone(), ..Self::default() }
    }

    pub(super) fn is_of(&self, tags: &Tags) -> bool {
        self.tags == *tags
    }

    /// Whether what is computed may have this tag. If it may be one of its own, the store says in
    /// the end whether it has; until then nobody joins.
    pub(super) fn may_have(&self, tag: &Key) -> bool {
        let has = self.tags.contains(tag);
        if !has && self.tags.has_own() {
            self.detached.store(true, Ordering::Relaxed);
        }
        has || self.tags.has_own()
    }

    pub(super) fn is_detached(&self) -> bool {
        self.detached.load(Ordering::Relaxed)
    }

    /// One more waits, who came after the commands that were sent so far.
    pub(super) fn join(self: &Arc<Self>) -> Waiter {
        // Counted first: a leader whose later command settles this wait must know of it.
        self.waiters.fetch_add(1, Ordering::Relaxed);
        let came_after = lock(&self.progress).commands;
        Waiter { flight: self.clone(), came_after }
    }

    pub(super) fn has_waiters(&self) -> bool {
        self.waiters.load(Ordering::Relaxed) > 0
    }

    /// Counts what could settle the flight from now on; answers how much that was so far.
    pub(super) fn asks(&self) -> u64 {
        let mut progress = lock(&self.progress);
        progress.commands += 1;
        progress.commands
    }

    pub(super) fn commands(&self) -> u64 {
        lock(&self.progress).commands
    }

    /// Ends it, unless it has ended, with what is good for those who came before so many commands.
    pub(super) fn land(&self, landing: Landing, came_before: u64) {
        let mut progress = lock(&self.progress);
        if progress.landing.is_none() {
            progress.landing = Some((landing, came_before));
            drop(progress);
            self.landed.notify_waiters();
        }
    }
}

impl Waiter {
    /// Waits for the flight, `limit` at the longest.
    pub(crate) async fn wait(&self, limit: Duration) -> Waited {
        if !timers::available() {
            return Waited::TimedOut;
        }
        tokio::time::timeout(limit, self.landing()).await.unwrap_or(Waited::TimedOut)
    }

    /// [`wait`](Self::wait) without an end of its own.
    pub(crate) async fn landing(&self) -> Waited {
        loop {
            let landed = self.flight.landed.notified();
            if let Some((landing, came_before)) = &lock(&self.flight.progress).landing {
                return match landing {
                    _ if self.came_after >= *came_before => Waited::Again,
                    Landing::Value(bytes, until) => Waited::Value(bytes.clone(), *until),
                    Landing::Error(_) => Waited::Error,
                    Landing::Unshared => Waited::Unshared,
                    Landing::Again => Waited::Again,
                };
            }
            landed.await;
        }
    }

    /// Has `copy` copy the error that the flight came to. Says whether that could be done.
    pub(crate) fn copy_error(&self, copy: &mut dyn FnMut(&SharedError) -> bool) -> bool {
        match &lock(&self.flight.progress).landing {
            Some((Landing::Error(error), _)) => copy(error),
            _ => false,
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.flight.waiters.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("waiters", &self.waiters).finish_non_exhaustive()
    }
}
