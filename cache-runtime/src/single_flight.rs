//! Callers of one process that miss one key: one computes, the others wait for it.
//!
//! A flight is open while its body runs, closing while its fill is on the way, and then landed.
//! Who joins an open flight takes its result; who comes while it is closing waits for the fill
//! and then looks again, so that nobody is given a value that was computed for a state of the
//! world older than their question by more than the flight they joined.

use crate::outcome::SharedError;
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The flights of one cache.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    running: Mutex<HashMap<Arc<str>, Arc<Flight>>>,
    landings: AtomicU64,
}

/// One computation that others may wait for.
pub(crate) struct Flight {
    state: Mutex<State>,
    changed: Notify,
    waiters: AtomicUsize,
}

enum State {
    Open,
    /// The body has ended and its fill is on the way.
    Closing,
    Landed(Landing),
}

/// What a flight came to.
pub(crate) enum Landing {
    /// The encoded value.
    Value(Arc<[u8]>),
    /// An error that can be copied.
    Error(SharedError),
    /// The body ended, but its result cannot be handed over: everybody computes, at once.
    Apart,
    /// The leader was cancelled or panicked: somebody else must lead.
    Abandoned,
}

/// What a caller that missed is to do.
pub(crate) enum Role<'f> {
    Lead(Leader<'f>),
    Wait(Waiter),
}

/// What waiting came to.
#[derive(Debug)]
pub(crate) enum Waited<R> {
    /// The flight's value.
    Value(Arc<[u8]>),
    /// The flight's error.
    Error(R),
    /// Nothing that can be handed over: compute.
    Apart,
    /// Look again, from the start.
    Again,
    /// The wait was too long: compute, and store nothing.
    TimedOut,
}

/// The right, and the duty, to compute. Dropped early, the flight is abandoned and a waiter leads.
#[derive(Debug)]
pub(crate) struct Leader<'f> {
    flights: &'f Flights,
    key: Arc<str>,
    flight: Arc<Flight>,
}

/// A place in somebody else's flight.
#[derive(Debug)]
pub(crate) struct Waiter {
    flight: Arc<Flight>,
    /// Whether the flight was open when this caller came.
    in_time: bool,
}

/// A panic while the lock is held (in a `Clone` of a user's error) leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Flights {
    /// Joins the flight of `key`, or starts it.
    pub(crate) fn join(&self, key: &str) -> Role<'_> {
        let mut flights = lock(&self.running);
        if let Some(flight) = flights.get(key) {
            let in_time = matches!(*lock(&flight.state), State::Open);
            flight.waiters.fetch_add(1, Ordering::Relaxed);
            return Role::Wait(Waiter { flight: flight.clone(), in_time });
        }
        let key: Arc<str> = Arc::from(key);
        let flight = Arc::new(Flight {
            state: Mutex::new(State::Open),
            changed: Notify::new(),
            waiters: AtomicUsize::new(0),
        });
        flights.insert(key.clone(), flight.clone());
        Role::Lead(Leader { flights: self, key, flight })
    }

    /// How many flights have landed: who looks at the store, then finds no flight to join but
    /// this number changed, may have missed the flight that just filled the key.
    pub(crate) fn landings(&self) -> u64 {
        self.landings.load(Ordering::Acquire)
    }

    /// Lets no later caller join the flight of `key`, and its result not be stored.
    pub(crate) fn detach(&self, key: &str) {
        lock(&self.running).remove(key);
    }

    /// [`detach`](Self::detach) for every key that `matches` says.
    pub(crate) fn detach_matching(&self, matches: impl Fn(&str) -> bool) {
        lock(&self.running).retain(|key, _| !matches(key));
    }
}

impl Leader<'_> {
    /// Whether somebody waits for the result.
    pub(crate) fn has_waiters(&self) -> bool {
        self.flight.waiters.load(Ordering::Relaxed) > 0
    }

    /// Whether the key was invalidated since this flight began, so that its result is old.
    pub(crate) fn is_detached(&self) -> bool {
        !lock(&self.flights.running).get(&self.key).is_some_and(|f| Arc::ptr_eq(f, &self.flight))
    }

    /// The body has ended: who comes from now on looks again once the fill is through.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.flight.state);
        if matches!(*state, State::Open) {
            *state = State::Closing;
        }
    }

    /// Nothing was found after all: who comes from now on may join again.
    pub(crate) fn reopen(&self) {
        let mut state = lock(&self.flight.state);
        if matches!(*state, State::Closing) {
            *state = State::Open;
        }
    }

    /// Ends the flight.
    pub(crate) fn land(self, landing: Landing) {
        self.end(landing);
    }

    fn end(&self, landing: Landing) {
        {
            // Counted before the key is free, so that nobody finds it free and the count old.
            self.flights.landings.fetch_add(1, Ordering::Release);
            let mut flights = lock(&self.flights.running);
            if flights.get(&self.key).is_some_and(|f| Arc::ptr_eq(f, &self.flight)) {
                flights.remove(&self.key);
            }
        }
        let mut state = lock(&self.flight.state);
        if !matches!(*state, State::Landed(_)) {
            *state = State::Landed(landing);
            drop(state);
            self.flight.changed.notify_waiters();
        }
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        self.end(Landing::Abandoned);
    }
}

impl Waiter {
    /// Waits for the flight, `limit` at the longest. `unpack` makes an output of a shared error.
    pub(crate) async fn wait<R>(
        &self,
        limit: Duration,
        unpack: fn(&SharedError) -> Option<R>,
    ) -> Waited<R> {
        // Outside of Tokio there is no timer to bound the wait with, so there is no wait.
        if tokio::runtime::Handle::try_current().is_err() {
            return Waited::TimedOut;
        }
        // Nor in a runtime without timers, which tells by panicking alone.
        let bounded =
            catch_unwind(AssertUnwindSafe(|| tokio::time::timeout(limit, self.landed(unpack))));
        match bounded {
            Ok(bounded) => bounded.await.unwrap_or(Waited::TimedOut),
            Err(_) => Waited::TimedOut,
        }
    }

    async fn landed<R>(&self, unpack: fn(&SharedError) -> Option<R>) -> Waited<R> {
        loop {
            let changed = self.flight.changed.notified();
            if let State::Landed(landing) = &*lock(&self.flight.state) {
                return match landing {
                    _ if !self.in_time => Waited::Again,
                    Landing::Value(bytes) => Waited::Value(bytes.clone()),
                    Landing::Error(error) => unpack(error).map_or(Waited::Apart, Waited::Error),
                    Landing::Apart => Waited::Apart,
                    Landing::Abandoned => Waited::Again,
                };
            }
            changed.await;
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
