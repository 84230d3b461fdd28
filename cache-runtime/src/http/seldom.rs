//! What costs something to ask is asked seldom.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The last answer to a question that is asked at most once in a while, however many want to
/// know. Those who come while it is being asked get the answer before.
#[derive(Debug)]
pub(super) struct Seldom<T> {
    every: Duration,
    state: Mutex<Last<T>>,
}

#[derive(Debug)]
struct Last<T> {
    last: Option<T>,
    /// When it may be asked again, by the clock of the caller.
    again: Duration,
    asking: bool,
}

impl<T: Clone> Seldom<T> {
    pub(super) fn new(every: Duration) -> Self {
        let state = Last { last: None, again: Duration::ZERO, asking: false };
        Self { every, state: Mutex::new(state) }
    }

    /// The answer; `None` while the first one is not there yet.
    pub(super) async fn get(&self, now: Duration, ask: impl Future<Output = T>) -> Option<T> {
        {
            let mut state = self.state();
            if state.asking || (state.last.is_some() && now < state.again) {
                return state.last.clone();
            }
            state.asking = true;
        }
        let _asking = Asking(self); // dropped as well when the caller does not wait for the end
        let answer = ask.await;
        let mut state = self.state();
        state.again = now.saturating_add(self.every);
        state.last = Some(answer.clone());
        Some(answer)
    }

    fn state(&self) -> MutexGuard<'_, Last<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Asking<'s, T: Clone>(&'s Seldom<T>);

impl<T: Clone> Drop for Asking<'_, T> {
    fn drop(&mut self) {
        self.0.state().asking = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    #[tokio::test]
    async fn asked_once_in_a_while() {
        let seldom = Seldom::new(Duration::from_secs(5));
        let at = Duration::from_secs;
        assert_eq!(seldom.get(at(1), ready(1)).await, Some(1));
        assert_eq!(seldom.get(at(5), ready(2)).await, Some(1));
        assert_eq!(seldom.get(at(6), ready(3)).await, Some(3));
    }

    #[tokio::test]
    async fn who_comes_meanwhile_does_not_wait_and_who_leaves_holds_nobody_up() {
        let seldom = Seldom::new(Duration::from_secs(5));
        let mut first = Box::pin(seldom.get(Duration::ZERO, pending::<u8>()));
        assert!(futures_util::poll!(&mut first).is_pending());
        assert_eq!(seldom.get(Duration::ZERO, ready(2)).await, None);
        drop(first);
        assert_eq!(seldom.get(Duration::ZERO, ready(3)).await, Some(3));
    }
}
