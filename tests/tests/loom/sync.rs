//! `crate::sync` as the model checker knows it.

pub use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
pub use loom::sync::{Mutex, MutexGuard};
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tokio's `Notify`, as far as it is used: whoever asked before [`notify_waiters`] is woken,
/// polled before or not.
///
/// [`notify_waiters`]: Self::notify_waiters
#[derive(Debug, Default)]
pub struct Notify(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    times: u64,
    waiting: Vec<Waker>,
}

impl Notify {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn notified(&self) -> Notified<'_> {
        Notified { notify: self, asked: self.0.lock().unwrap().times }
    }

    pub fn notify_waiters(&self) {
        let waiting = {
            let mut told = self.0.lock().unwrap();
            told.times += 1;
            std::mem::take(&mut told.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

#[derive(Debug)]
pub struct Notified<'n> {
    notify: &'n Notify,
    asked: u64,
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut told = self.notify.0.lock().unwrap();
        if told.times > self.asked {
            return Poll::Ready(());
        }
        told.waiting.push(context.waker().clone());
        Poll::Pending
    }
}
