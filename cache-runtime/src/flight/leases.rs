//! The leases that calls of this process hold, to be renewed: state alone. What renews them is in
//! `cache/renewals`.

use crate::key::whole::Key;
use crate::store::Token;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a lease lasts unless it is renewed: as long as a killed process keeps others waiting.
pub(crate) const LIFE: Duration = Duration::from_secs(2);
/// How often leases are renewed.
pub(crate) const RENEW_EVERY: Duration = Duration::from_millis(500);
/// A lease is not renewed for longer: a body that runs on stores nothing.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// The leases that are held.
#[derive(Debug, Default)]
pub(crate) struct Leases(Mutex<All>);

#[derive(Debug, Default)]
struct All {
    held: HashMap<u64, (Key, Token, Instant)>,
    next: u64,
    /// Whether there is a task that renews.
    renewing: bool,
}

/// A lease is held while this lives.
#[derive(Debug)]
pub(crate) struct Holding {
    leases: Arc<Leases>,
    number: u64,
}

impl Leases {
    fn lock(&self) -> MutexGuard<'_, All> {
        // No code of others runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the lease of `key` renewed. Says also whether a task that renews is to be started.
    pub(crate) fn hold(self: &Arc<Self>, key: &Key, token: &Token) -> (Holding, bool) {
        let mut all = self.lock();
        let number = all.next;
        all.next += 1;
        all.held.insert(number, (key.clone(), token.clone(), Instant::now()));
        let starts = !std::mem::replace(&mut all.renewing, true);
        (Holding { leases: self.clone(), number }, starts)
    }

    /// The leases that are due. Those that are new are due the next time.
    pub(crate) fn due(&self) -> Vec<(Key, Token)> {
        let due = |since: Instant| (RENEW_EVERY / 2..LONGEST).contains(&since.elapsed());
        let all = self.lock();
        let due = all.held.values().filter(|(.., since)| due(*since));
        due.map(|(key, token, _)| (key.clone(), token.clone())).collect()
    }

    /// Whether the task that renews may end, since nothing is held; then there is none.
    pub(crate) fn rests(&self) -> bool {
        let mut all = self.lock();
        all.renewing = !all.held.is_empty();
        !all.renewing
    }

    /// The task that renews is gone.
    pub(crate) fn died(&self) {
        self.lock().renewing = false;
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.leases.lock().held.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_renews_while_anything_is_held() {
        let leases = Arc::new(Leases::default());
        let hold = || leases.hold(&Key::new("shop", "a"), &Token::random());
        let (first, starts) = hold();
        assert!(starts && !leases.rests());
        let (second, starts) = hold();
        assert!(!starts);
        drop(first);
        assert!(!leases.rests());
        drop(second);
        assert!(leases.rests());
        assert!(hold().1, "and the next one starts another");
    }

    #[test]
    fn a_new_lease_is_not_due_yet() {
        let leases = Arc::new(Leases::default());
        let _held = leases.hold(&Key::new("shop", "a"), &Token::random());
        assert_eq!(leases.due().len(), 0);
    }
}
