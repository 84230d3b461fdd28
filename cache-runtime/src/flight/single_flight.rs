//! Callers of one process that miss one key: one computes, the others wait for it.

use crate::flight::journal::{Distrusted, Journal};
use crate::flight::landing::{Flight, Landing, Waiter};
use crate::key::set::Keys;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::sync::{AtomicBool, Mutex, Ordering, lock};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The flights of one cache, and the keys whose stored values are not to be trusted: to look
/// whether a key is and to join its flight is one step, and so is to distrust it and to let
/// nobody join what was begun before.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    /// Shared with the leaders, which may outlive their callers.
    open: Arc<Mutex<Open>>,
    /// Whether the journal has anything in it, for those who need not know what.
    doubt: AtomicBool,
    /// Who else knows something of keys.
    also: Also,
}

type Told = dyn Fn(Old<'_>) + Send + Sync;

/// Told of all that is forgotten.
#[derive(Default)]
struct Also(Option<Box<Told>>);

impl fmt::Debug for Also {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Also").field(&self.0.is_some()).finish()
    }
}

#[derive(Debug, Default)]
struct Open {
    flights: HashMap<Key, Arc<Flight>>,
    journal: Journal,
}

/// Keys of which what was known is old; of a tag it is what is known of all that has it.
#[derive(Clone, Copy)]
pub(crate) enum Old<'k> {
    Keys(&'k [Key]),
    Matching(&'k dyn Fn(&Key) -> bool),
    Everything,
}

impl<'k> From<&'k Key> for Old<'k> {
    fn from(key: &'k Key) -> Self {
        Self::Keys(std::slice::from_ref(key))
    }
}

/// What a caller that missed is to do.
pub(crate) enum Role {
    Lead(Leader),
    Wait(Waiter),
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

impl Open {
    fn forget(&mut self, old: Old<'_>) {
        match old {
            Old::Keys(keys) => {
                for key in keys {
                    match key.tag() {
                        None => drop(self.flights.remove(key)),
                        Some(_) => self.flights.retain(|_, flight| !flight.may_have(key)),
                    }
                }
            }
            Old::Matching(matches) => self.flights.retain(|key, _| !matches(key)),
            Old::Everything => self.flights.clear(),
        }
    }
}

impl Flights {
    /// Joins the flight of `key`, or starts it, for entries with `tags`.
    pub(crate) fn join(&self, key: &Key, tags: &Tags) -> Role {
        self.join_in(&mut lock(&self.open), key, tags)
    }

    /// Flights that tell `also` of all that is forgotten, before whoever forgets it goes on.
    pub(crate) fn telling(also: impl Fn(Old<'_>) + Send + Sync + 'static) -> Self {
        Self { also: Also(Some(Box::new(also))), ..Self::default() }
    }

    fn tell(&self, old: Old<'_>) {
        if let Some(also) = &self.also.0 {
            also(old);
        }
    }

    /// [`join`](Self::join)s all of these in one step, so that of two callers with the same keys
    /// one leads them all.
    pub(crate) fn join_all<'k>(&self, of: impl Iterator<Item = (&'k Key, Tags)>) -> Vec<Role> {
        let open = &mut *lock(&self.open);
        of.map(|(key, tags)| self.join_in(open, key, &tags)).collect()
    }

    fn join_in(&self, Open { flights, journal }: &mut Open, key: &Key, tags: &Tags) -> Role {
        let other = flights.get(key);
        if let Some(flight) = other.filter(|flight| flight.is_of(tags)) {
            return Role::Wait(flight.join());
        }
        // What will have other tags is not detached by an invalidation of these.
        let listed = other.is_none();
        let key = key.clone();
        let flight = Arc::new(Flight::of(tags));
        if listed {
            flights.insert(key.clone(), flight.clone());
        }
        let trusted = !journal.distrusts(&key) && !tags.iter().any(|tag| journal.distrusts(tag));
        Role::Lead(Leader { open: self.open.clone(), key, flight, trusted, listed })
    }

    /// A flight of `key` that nobody joins.
    pub(crate) fn alone(&self, key: &Key, tags: &Tags) -> Leader {
        let (key, flight) = (key.clone(), Arc::default());
        let trusted = self.trusts(&key) && tags.iter().all(|tag| self.trusts(tag));
        Leader { open: self.open.clone(), key, flight, trusted, listed: false }
    }

    /// The one door for "what this process knew of these keys is old": nobody joins what was begun
    /// before, and what that comes to is not stored.
    pub(crate) fn forget(&self, old: Old<'_>) {
        lock(&self.open).forget(old);
        self.tell(old);
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
        let mut overflows = false;
        let old = {
            let open = &mut *lock(&self.open);
            for key in keys {
                overflows |= open.journal.queue(key) == Distrusted::Everything;
            }
            let old = if overflows { Old::Everything } else { Old::Keys(keys) };
            open.forget(old);
            self.doubt.store(!open.journal.is_empty(), Ordering::Release);
            old
        };
        self.tell(old);
        overflows
    }

    /// [`distrust`](Self::distrust) for what a pattern names.
    pub(crate) fn distrust_set(&self, set: &Keys) -> bool {
        let is_old = |key: &Key| set.holds(key);
        let (overflows, old) = {
            let open = &mut *lock(&self.open);
            let overflows = open.journal.queue_set(set) == Distrusted::Everything;
            let old = if overflows { Old::Everything } else { Old::Matching(&is_old) };
            open.forget(old);
            self.doubt.store(true, Ordering::Release);
            (overflows, old)
        };
        self.tell(old);
        overflows
    }

    /// [`distrust`](Self::distrust) for every key there may be.
    pub(crate) fn distrust_all(&self) {
        {
            let open = &mut *lock(&self.open);
            open.journal.queue_everything();
            open.forget(Old::Everything);
            self.doubt.store(true, Ordering::Release);
        }
        self.tell(Old::Everything);
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
        self.flight.has_waiters()
    }

    /// Whether the store's value of the key could be read when this flight began.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// Whether the key was invalidated since this flight began, so that its result is old. Of a
    /// flight that is not listed, or not any more, the lease alone knows.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.listed
            && !self.flight.is_detached()
            && !lock(&self.open)
                .flights
                .get(&self.key)
                .is_some_and(|f| Arc::ptr_eq(f, &self.flight))
    }

    /// A command that could settle the flight is about to be sent.
    pub(crate) fn asks(&self) {
        self.flight.asks();
    }

    /// The body is about to begin. Answers what tells those who came before from those after.
    pub(crate) fn begins(&self) -> u64 {
        self.flight.asks()
    }

    /// Ends the flight with what its last command brought.
    pub(crate) fn land(mut self, landing: Landing) {
        let commands = self.flight.commands();
        self.end(landing, commands);
    }

    /// Ends the flight with what no command has to confirm.
    pub(crate) fn land_for_all(mut self, landing: Landing) {
        self.end(landing, u64::MAX);
    }

    /// Ends the flight with what is good for those alone who came before a mark.
    pub(crate) fn land_for_those_before(mut self, mark: u64, landing: Landing) {
        self.end(landing, mark);
    }

    fn end(&mut self, landing: Landing, came_before: u64) {
        // Once: it is dropped as well when it has landed.
        if std::mem::take(&mut self.listed) {
            let flights = &mut lock(&self.open).flights;
            if flights.get(&self.key).is_some_and(|f| Arc::ptr_eq(f, &self.flight)) {
                flights.remove(&self.key);
            }
        }
        self.flight.land(landing, came_before);
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.end(Landing::Again, u64::MAX);
    }
}
