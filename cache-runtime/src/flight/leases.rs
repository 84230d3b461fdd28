//! The leases that calls of this process hold, to be renewed, and those that it has left behind:
//! state alone. What renews them is in `cache/renewals`.

use crate::key::whole::Key;
use crate::store::{LeftBehind, Token};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a lease lasts unless it is renewed: as long as a killed process keeps others waiting.
pub(crate) const LIFE: Duration = Duration::from_secs(2);
/// How often leases are renewed.
pub(crate) const RENEW_EVERY: Duration = Duration::from_millis(500);
/// A lease is not renewed for longer: a body that runs on stores nothing.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// How long a lease that was left behind is remembered: what asked for it may arrive late.
const REMEMBERED: Duration = Duration::from_secs(5);
/// How many are, of which one is looked for by going through them.
const MOST_LEFT: usize = 256;

/// The leases of this process.
#[derive(Debug, Default)]
pub(crate) struct Leases(Mutex<All>);

#[derive(Debug, Default)]
struct All {
    held: HashMap<u64, Lease>,
    next: u64,
    /// Those that have ended here and may still stand in the store, the oldest first.
    left: VecDeque<(Key, LeftBehind, Instant)>,
    /// Whether there is a task that renews.
    renewing: bool,
}

#[derive(Debug)]
struct Lease {
    key: Key,
    token: Token,
    since: Instant,
    /// When the request was sent that the store has answered last: it lasts from then.
    sent: Instant,
}

/// A lease is held while this lives.
#[derive(Debug)]
pub(crate) struct Holding {
    leases: Arc<Leases>,
    number: u64,
}

/// Leases that are due.
#[derive(Debug, Default)]
pub(crate) struct Due {
    numbers: Vec<u64>,
    pub(crate) leases: Vec<(Key, Token)>,
}

impl Leases {
    fn lock(&self) -> MutexGuard<'_, All> {
        // No code of others runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the lease of `key` renewed, for which a request was `sent`. Says also whether a task that
    /// renews is to be started.
    pub(crate) fn hold(
        self: &Arc<Self>,
        key: &Key,
        token: &Token,
        sent: Instant,
    ) -> (Holding, bool) {
        let mut all = self.lock();
        let number = all.next;
        all.next += 1;
        let lease = Lease { key: key.clone(), token: *token, since: sent, sent };
        all.held.insert(number, lease);
        let starts = !std::mem::replace(&mut all.renewing, true);
        (Holding { leases: self.clone(), number }, starts)
    }

    /// The leases that are due. Those that are new are due the next time.
    pub(crate) fn due(&self) -> Due {
        let mut due = Due::default();
        for (number, lease) in &self.lock().held {
            if (RENEW_EVERY / 2..LONGEST).contains(&lease.since.elapsed()) {
                due.numbers.push(*number);
                due.leases.push((lease.key.clone(), lease.token));
            }
        }
        due
    }

    /// What was due has been renewed, by a request that was `sent` then.
    pub(crate) fn renewed(&self, due: &Due, sent: Instant) {
        let mut all = self.lock();
        for number in &due.numbers {
            if let Some(lease) = all.held.get_mut(number) {
                lease.sent = sent;
            }
        }
    }

    /// Whether the task that renews may end, since nothing is held; then there is none.
    pub(crate) fn rests(&self) -> bool {
        let mut all = self.lock();
        all.renewing = !all.held.is_empty();
        !all.renewing
    }

    /// A lease may stand in the store that nobody here uses any more: who needs it next need not
    /// wait until it runs out.
    pub(crate) fn leave_behind(&self, key: &Key, lease: LeftBehind) {
        let mut all = self.lock();
        let old = |(.., since): &(Key, LeftBehind, Instant)| since.elapsed() > REMEMBERED;
        while all.left.len() >= MOST_LEFT || all.left.front().is_some_and(old) {
            all.left.pop_front();
        }
        all.left.push_back((key.clone(), lease, Instant::now()));
    }

    /// The leases of `key` that were left behind.
    pub(crate) fn left_behind(&self, key: &Key) -> Vec<LeftBehind> {
        let all = self.lock();
        let left = all.left.iter().filter(|(left, ..)| left == key);
        left.map(|(_, lease, _)| *lease).collect()
    }

    /// A lease that was left behind has been given back.
    pub(crate) fn given_back(&self, token: &Token) {
        self.lock().left.retain(|(_, left, _)| left.token != *token);
    }

    /// The task that renews is gone.
    pub(crate) fn died(&self) {
        self.lock().renewing = false;
    }
}

impl Holding {
    /// Whether the lease was not renewed in time, so that another may have it by now.
    pub(crate) fn has_run_out(&self) -> bool {
        let all = self.leases.lock();
        all.held.get(&self.number).is_some_and(|lease| lease.sent.elapsed() >= LIFE)
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
        let hold =
            || leases.hold(&Key::new("shop", "a"), &Token::random().unwrap(), Instant::now());
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
    fn a_lease_runs_out_unless_it_is_renewed() {
        let leases = Arc::new(Leases::default());
        let (Some(long_ago), now) = (Instant::now().checked_sub(LIFE), Instant::now()) else {
            return; // this machine runs since two seconds
        };
        let (held, _) = leases.hold(&Key::new("shop", "a"), &Token::random().unwrap(), long_ago);
        assert!(held.has_run_out());
        let due = leases.due();
        assert_eq!(due.leases.len(), 1);
        leases.renewed(&due, now);
        assert!(!held.has_run_out());
    }

    #[test]
    fn a_new_lease_is_not_due_yet() {
        let leases = Arc::new(Leases::default());
        let _held = leases.hold(&Key::new("shop", "a"), &Token::random().unwrap(), Instant::now());
        assert!(leases.due().leases.is_empty());
    }

    #[test]
    fn what_was_left_behind_is_remembered_until_it_is_given_back() {
        let leases = Leases::default();
        let (key, other) = (Key::new("shop", "a"), Key::new("shop", "b"));
        let lease = |ended| LeftBehind { token: Token::random().unwrap(), ended };
        let (one, two) = (lease(false), lease(true));
        leases.leave_behind(&key, one);
        leases.leave_behind(&key, two);
        assert_eq!(leases.left_behind(&key), [one, two]);
        assert_eq!(leases.left_behind(&other), []);
        leases.given_back(&one.token);
        assert_eq!(leases.left_behind(&key), [two]);
        for _ in 0..MOST_LEFT {
            leases.leave_behind(&other, one);
        }
        assert_eq!(leases.left_behind(&key), [], "the oldest make room");
    }
}
