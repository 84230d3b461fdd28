//! Renewing the leases that calls of this process hold.
//!
//! A task of the cache's own does it, on the cache's own thread: a body that blocks its thread, or
//! a runtime that is busy, keeps its lease all the same. A call sets up no timer for it.

use super::{Cache, WeakCache};
use crate::flight::leases::{Holding, LIFE, RENEW_EVERY};
use crate::io_thread;
use crate::key::whole::Key;
use crate::store::{Store, Token};

impl Cache {
    /// Has the lease of `key` renewed for as long as what this returns lives, a minute at most.
    pub(crate) fn hold(&self, key: &Key, token: &Token) -> Holding {
        let (held, starts) = self.leases().hold(key, token);
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
            if !due.is_empty() {
                // Who was not renewed finds out when filling.
                let _ = cache.store().renew(&due, LIFE, cache.settings().timeout).await;
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
