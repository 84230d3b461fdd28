//! What happens to the connections of a node, for those who keep something that depends on them.

use crate::store::Event;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

/// Called at once, by whoever saw the event: it must be quick, and listen to nothing itself.
type Listener = Box<dyn Fn(Event) + Send + Sync>;

/// Those who listen.
#[derive(Default)]
pub(crate) struct Events {
    /// Each is added when what it serves is made, and stays.
    listeners: RwLock<Vec<Listener>>,
    regained: AtomicU64,
    /// Of all pools, so that no two of their connections have one generation.
    generations: AtomicU64,
}

impl Events {
    pub(crate) fn listen(&self, listener: Listener) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    pub(crate) fn tell(&self, event: Event) {
        if event == Event::Regained {
            self.regained.fetch_add(1, Ordering::AcqRel);
        }
        for listener in &*self.listeners.read().unwrap_or_else(PoisonError::into_inner) {
            listener(event);
        }
    }

    /// The number of connections that have been made.
    pub(super) fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How often connections were regained.
    pub(crate) fn regained(&self) -> u64 {
        self.regained.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("regained", &self.regained()).finish_non_exhaustive()
    }
}
