//! Callers of one process that miss one key: one computes, the others wait for it.
//!
//! Whoever leads counts the store commands that could settle the flight, before sending them. A
//! waiter takes what such a command brought only if it was sent after the waiter came, and else
//! looks again: an invalidation that was over before the waiter's call began is then seen.

use crate::flight::journal::{Distrusted, Journal};
use crate::key::whole::Key;
use crate::plan::shape::SharedError;
use crate::sync::{AtomicBool, AtomicUsize, Mutex, Notify, Ordering, lock};
use crate::timers;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The flights of one cache, and the keys whose stored values are not to be trusted: to look
/// whether a key is and to join its flight is one step, and so is to distrust it and to let
/// nobody join what was begun before.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    /// Shared with the leaders, which may outlive their callers.
    open: Arc<Mutex<Open>>,
    /// Whether the journal has anything in it, for those who need not know what.
    doubt: AtomicBool,
}

#[derive(Debug, Default)]
struct Open {
    flights: HashMap<Key, Arc<Flight>>,
    journal: Journal,
}

/// One computation that others may wait for.
#[derive(Default)]
pub(crate) struct Flight {
    state: Mutex<State>,
    landed: Notify,
    waiters: AtomicUsize,
}

#[derive(Default)]
struct State {
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

/// What a caller that missed is to do.
pub(crate) enum Role {
    Lead(Leader),
    Wait(Waiter),
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

/// The right, and the duty, to compute. Dropped early, the flight is abandoned and a waiter leads.
#[derive(Debug)]
pub(crate) struct Leader {
    open: Arc<Mutex<Open>>,
    key: Key,
    flight: Arc<Flight>,
    trusted: bool,
    /// Whether others can join; what nobody can join is not listed.
    listed: bool,
}

/// A place in somebody else's flight.
#[derive(Debug)]
pub(crate) struct Waiter {
    flight: Arc<Flight>,
    /// Commands that had been sent when this caller came.
    came_after: u64,
}

impl Flights {
    /// Joins the flight of `key`, or starts it.
    pub(crate) fn join(&self, key: &Key) -> Role {
        let Open { flights, journal } = &mut *lock(&self.open);
        if let Some(flight) = flights.get(key) {
            // Counted first: a leader whose later command settles this wait must know of it.
            flight.waiters.fetch_add(1, Ordering::Relaxed);
            let came_after = lock(&flight.state).commands;
            return Role::Wait(Waiter { flight: flight.clone(), came_after });
        }
        let key = key.clone();
        let flight = Arc::new(Flight::default());
        flights.insert(key.clone(), flight.clone());
        let trusted = !journal.distrusts(&key);
        Role::Lead(Leader { open: self.open.clone(), key, flight, trusted, listed: true })
    }

    /// A flight of `key` that nobody joins.
    pub(crate) fn alone(&self, key: &Key) -> Leader {
        let (key, flight) = (key.clone(), Arc::default());
        let trusted = self.trusts(&key);
        Leader { open: self.open.clone(), key, flight, trusted, listed: false }
    }

    /// Lets no later caller join the flight of `key`, and its result not be stored.
    pub(crate) fn detach(&self, key: &Key) {
        lock(&self.open).flights.remove(key);
    }

    /// [`detach`](Self::detach) for each of `keys`.
    pub(crate) fn detach_all(&self, keys: &[Key]) {
        let flights = &mut lock(&self.open).flights;
        for key in keys {
            flights.remove(key);
        }
    }

    /// [`detach`](Self::detach) for every key that `matches` says.
    pub(crate) fn detach_matching(&self, matches: impl Fn(&Key) -> bool) {
        lock(&self.open).flights.retain(|key, _| !matches(key));
    }

    /// Whether the journal is empty; all that a call pays for it while it is.
    pub(crate) fn trusts_all(&self) -> bool {
        !self.doubt.load(Ordering::Acquire)
    }

    /// Whether the store's value of `key` may be read.
    pub(crate) fn trusts(&self, key: &Key) -> bool {
        self.trusts_all() || !lock(&self.open).journal.distrusts(key)
    }

    /// Queues `keys` in the journal, and lets no later caller join what was begun before. Answers
    /// whether everything is distrusted from now on.
    pub(crate) fn distrust(&self, keys: &[Key]) -> bool {
        let Open { flights, journal } = &mut *lock(&self.open);
        let mut overflows = false;
        for key in keys {
            match journal.queue(key) {
                Distrusted::Key => drop(flights.remove(key)),
                Distrusted::Everything => {
                    flights.clear();
                    overflows = true;
                }
            }
        }
        self.doubt.store(!journal.is_empty(), Ordering::Release);
        overflows
    }

    /// [`distrust`](Self::distrust) for every key there may be.
    pub(crate) fn distrust_all(&self) {
        let Open { flights, journal } = &mut *lock(&self.open);
        journal.queue_everything();
        flights.clear();
        self.doubt.store(true, Ordering::Release);
    }

    /// Looks into the journal, or changes it.
    pub(crate) fn journal<T>(&self, change: impl FnOnce(&mut Journal) -> T) -> T {
        let journal = &mut lock(&self.open).journal;
        let answer = change(journal);
        self.doubt.store(!journal.is_empty(), Ordering::Release);
        answer
    }
}

impl Leader {
    /// Whether somebody waits for the result.
    pub(crate) fn has_waiters(&self) -> bool {
        self.flight.waiters.load(Ordering::Relaxed) > 0
    }

    /// Whether the store's value of the key could be read when this flight began.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// Whether the key was invalidated since this flight began, so that its result is old. Of a
    /// flight that is not listed the lease alone knows.
    pub(crate) fn is_detached(&self) -> bool {
        self.listed
            && !lock(&self.open)
                .flights
                .get(&self.key)
                .is_some_and(|f| Arc::ptr_eq(f, &self.flight))
    }

    /// A command that could settle the flight is about to be sent.
    pub(crate) fn asks(&self) {
        lock(&self.flight.state).commands += 1;
    }

    /// The body is about to begin. Answers what tells those who came before from those after.
    pub(crate) fn begins(&self) -> u64 {
        self.asks();
        lock(&self.flight.state).commands
    }

    /// Ends the flight with what its last command brought.
    pub(crate) fn land(self, landing: Landing) {
        let commands = lock(&self.flight.state).commands;
        self.end(landing, commands);
    }

    /// Ends the flight with what no command has to confirm.
    pub(crate) fn land_for_all(self, landing: Landing) {
        self.end(landing, u64::MAX);
    }

    /// Ends the flight with what is good for those alone who came before a mark.
    pub(crate) fn land_for_those_before(self, mark: u64, landing: Landing) {
        self.end(landing, mark);
    }

    fn end(&self, landing: Landing, came_before: u64) {
        {
            let flights = &mut lock(&self.open).flights;
            if flights.get(&self.key).is_some_and(|f| Arc::ptr_eq(f, &self.flight)) {
                flights.remove(&self.key);
            }
        }
        let mut state = lock(&self.flight.state);
        if state.landing.is_none() {
            state.landing = Some((landing, came_before));
            drop(state);
            self.flight.landed.notify_waiters();
        }
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.end(Landing::Again, u64::MAX);
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
            if let Some((landing, came_before)) = &lock(&self.flight.state).landing {
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
        match &lock(&self.flight.state).landing {
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
