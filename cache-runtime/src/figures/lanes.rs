//! A count that all threads add to at once, each in a place of its own: one that they shared would
//! be fetched from one another, and take longer than all else that becomes of a hit in this process.
//!
//! The place is its thread's alone, so that adding is a load and a store. There are more threads than
//! places only where there are many more than processors; those share one.

use std::cell::Cell;
use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// In cache lines of its own: every call writes here, and what lies beside it every call reads.
#[derive(Debug)]
#[repr(align(128))] // two lines of 64: processors fetch them in pairs
pub(crate) struct CachePadded<T>(pub(crate) T);

impl<T> Deref for CachePadded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Places for each processor: a runtime has a thread for each, and others come and go.
const PER_PROCESSOR: usize = 2;
const LEAST: usize = 8;
const MOST: usize = 256;

/// A count that all threads add to at once.
#[derive(Debug)]
pub(crate) struct Lanes {
    /// Made when first counted: most functions never do. The first one is for who has none.
    lanes: OnceLock<Box<[CachePadded<AtomicU64>]>>,
}

impl Lanes {
    pub(crate) const fn new() -> Self {
        Self { lanes: OnceLock::new() }
    }

    pub(crate) fn add(&self) {
        if let Some(own) = self.own() {
            own.add();
        } else {
            self.add_elsewhere(self.make(), LANE.get());
        }
    }

    /// This thread's place, once it has one.
    #[inline]
    pub(crate) fn own(&self) -> Option<Own<'_>> {
        let number = LANE.get();
        let own = self.lanes.get()?.get(number)?;
        (number > SHARED).then_some(Own(own))
    }

    #[cold]
    fn make(&self) -> &[CachePadded<AtomicU64>] {
        self.lanes.get_or_init(|| (0..=places()).map(|_| CachePadded(AtomicU64::new(0))).collect())
    }

    /// Of a thread that has no place, or not yet.
    #[cold]
    fn add_elsewhere(&self, lanes: &[CachePadded<AtomicU64>], number: usize) {
        let number = if number == UNKNOWN { enter() } else { number };
        if let Some(lane) = lanes.get(number).or(lanes.first()) {
            lane.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self) -> u64 {
        let lanes = self.lanes.get().map(|lanes| &**lanes).unwrap_or_default();
        lanes.iter().map(|lane| lane.load(Ordering::Relaxed)).fold(0, u64::wrapping_add)
    }
}

/// A place where nobody else stores while this thread lives.
pub(crate) struct Own<'l>(&'l AtomicU64);

impl Own<'_> {
    #[inline]
    pub(crate) fn add(self) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
}

/// Which place is shared by those that have none.
const SHARED: usize = 0;
const UNKNOWN: usize = usize::MAX;

thread_local! {
    /// Which place is this thread's.
    static LANE: Cell<usize> = const { Cell::new(UNKNOWN) };
    /// Gives it back. Apart, since what has to be dropped costs a look at each access.
    static LEAVES: Leaves = const { Leaves };
}

/// The places of threads that have ended, and how many have been given out.
static FREE: Mutex<(Vec<usize>, usize)> = Mutex::new((Vec::new(), SHARED));

fn places() -> usize {
    static PLACES: OnceLock<usize> = OnceLock::new();
    *PLACES.get_or_init(|| {
        let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        processors.saturating_mul(PER_PROCESSOR).clamp(LEAST, MOST)
    })
}

/// Has the thread have a place from now on, if there is one.
fn enter() -> usize {
    let number = if LEAVES.try_with(|_| ()).is_ok() { take() } else { SHARED };
    LANE.set(number);
    number
}

fn take() -> usize {
    let (free, given) = &mut *FREE.lock().unwrap_or_else(PoisonError::into_inner);
    free.pop().unwrap_or_else(|| {
        if *given >= places() {
            return SHARED;
        }
        *given += 1;
        *given
    })
}

/// Of a thread that has a place. What its last owner has counted is seen by the next one, since both
/// have had the lock.
struct Leaves;

impl Drop for Leaves {
    fn drop(&mut self) {
        let number = LANE.replace(SHARED);
        if (SHARED + 1..UNKNOWN).contains(&number) {
            FREE.lock().unwrap_or_else(PoisonError::into_inner).0.push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn no_count_is_lost_however_many_threads_there_are() {
        let lanes = Arc::new(Lanes::new());
        // More than have a place at once, and one after the other.
        for _ in 0..3 {
            let threads = (0..MOST + 10).map(|_| {
                let lanes = lanes.clone();
                thread::spawn(move || (0..100).for_each(|_| lanes.add()))
            });
            threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
        }
        assert_eq!(lanes.read(), 3 * 100 * (MOST as u64 + 10));
    }

    #[test]
    fn a_thread_that_ends_leaves_its_place_to_another() {
        for _ in 0..2 * places() {
            let place = thread::spawn(|| {
                Lanes::new().add();
                LANE.get()
            });
            assert_ne!(place.join().unwrap(), UNKNOWN);
        }
        let (free, given) = &*FREE.lock().unwrap();
        assert!(*given <= places() && free.len() <= *given);
    }

    #[test]
    fn a_thread_that_is_about_to_end_counts_still() {
        struct Last(Arc<Lanes>);
        impl Drop for Last {
            fn drop(&mut self) {
                self.0.add();
            }
        }
        thread_local!(static LAST: Cell<Option<Last>> = const { Cell::new(None) });
        let lanes = Arc::new(Lanes::new());
        let of_thread = lanes.clone();
        let thread = thread::spawn(move || {
            LAST.set(Some(Last(of_thread.clone())));
            of_thread.add();
        });
        thread.join().unwrap();
        assert_eq!(lanes.read(), 2);
    }
}
