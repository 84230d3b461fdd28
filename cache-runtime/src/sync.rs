//! What threads share, by one path: the model checker (`tests/loom`) compiles `breaker` and
//! `single_flight` with its own kind of each.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard};
pub(crate) use tokio::sync::Notify;

/// Locks, whatever panicked under the lock before: what our locks guard is never half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
