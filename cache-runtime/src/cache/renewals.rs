//! Renewing the leases that calls of this process hold.
//!
//! A task of the cache's own does it, on the cache's own thread: a body that blocks its thread, or
//! a runtime that is busy, keeps its lease all the same. A call sets up no timer for it.

use super::{Cache, WeakCache};
use crate::flight::leases::{Holding, LIFE, RENEW_EVERY};
use crate::io_thread;
use crate::key::whole::Key;
use crate::store::{Store, Token};
use std::time::Instant;

impl Cache {
    /// Has the lease of `key`, for which a request was `sent`, renewed for as long as what this
    /// returns lives, a minute at most.
    pub(crate) fn hold(&self, key: &Key, token: &Token, sent: Instant) -> Holding {
        let (held, starts) = self.leases().hold(key, token, sent);
        if starts {
            let task = Renewals { cache: self.downgrade(), ended: false };
            match io_thread::handle() {
                Some(thread) => drop(thread.spawn(task.run())),
                None => drop(task), // and leases run out
            }
        }
        held
    }
}

/// The one task of a cache that renews. It holds the cache weakly.
struct Renewals {
    cache: WeakCache,
    ended: bool,
}

impl Renewals {
    async fn run(mut self) {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let Some(cache) = self.cache.upgrade() else { return };
            let due = cache.leases().due();
            if !due.leases.is_empty() {
                // No longer than until the next ones are due: one server that hangs is not the others'.
                let (sent, within) = (Instant::now(), cache.settings().timeout.min(RENEW_EVERY));
                // Who was not renewed finds out when filling.
                if cache.store().renew(&due.leases, LIFE, within).await.is_ok() {
                    cache.leases().renewed(&due, sent);
                }
            } else if cache.leases().rests() {
                self.ended = true;
                return;
            }
        }
    }
}

impl Drop for Renewals {
    fn drop(&mut self) {
        if !self.ended
            && let Some(cache) = self.cache.upgrade()
        {
            cache.leases().died();
        }
    }
}
