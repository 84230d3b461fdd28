//! The lease of a key: asked for, held while its value is computed, and given back.

use super::together::all;
use crate::cache::Handle;
use crate::error::Error;
use crate::flight::leases::{Holding, LIFE};
use crate::key::whole::Key;
use crate::store::{Acquired, Act, Ask, Store, Token};
use crate::timers;
use std::time::{Duration, Instant};

/// Why a value is computed that will not be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoLease {
    StoreInTrouble,
    /// Another call has the lease, and is not waited for, or not any longer.
    Theirs,
    /// The value there is one that a writer of this process has replaced.
    Distrusted,
}

/// The lease of a key, asked for or held. Dropped before it is settled, it is given back behind the
/// caller's back: it may have been given.
#[derive(Debug)]
pub(crate) struct Lease {
    cache: Handle,
    key: Key,
    token: Option<Token>,
    /// Has it renewed for as long as it is held.
    held: Option<Holding>,
}

impl Lease {
    /// About to be asked for. The token is a new one each time: an earlier request that was given
    /// up may still arrive, and would be taken for this one.
    pub(crate) fn request(cache: Handle, key: Key) -> Self {
        Self { cache, key, token: Token::random(), held: None }
    }

    /// Asks for it.
    pub(crate) async fn acquire(&mut self, ask: Ask, within: Duration) -> Result<Acquired, Error> {
        let Some(token) = &self.token else { return Err(Error::Unavailable) };
        let sent = Instant::now();
        let over = self.cache.leases().left_behind(&self.key);
        let (store, key) = (self.cache.store(), &self.key);
        let acquired = store.acquire(key, ask, token, &over, LIFE, within).await;
        match &acquired {
            Ok(Acquired::Ours) => {
                over.iter().for_each(|over| self.cache.leases().given_back(over));
                self.held = Some(self.cache.hold(&self.key, token, sent));
                return acquired;
            }
            // It was not given.
            Ok(_) | Err(Error::Refused(_)) => {}
            // It may arrive there all the same. Nothing could be sent to follow it: what happened
            // has taken the connections down.
            Err(_) => self.cache.leases().leave_behind(&self.key, token),
        }
        self.token = None;
        acquired
    }

    /// Whether it was not renewed in time, so that it is not to be had any more.
    pub(crate) fn has_run_out(&self) -> bool {
        self.held.as_ref().is_some_and(Holding::has_run_out)
    }

    /// Does `act` if the lease is still this call's, and ends it either way.
    pub(crate) async fn settle(mut self, act: Act<'_>, within: Duration) -> Result<bool, Error> {
        let Some(token) = &self.token else { return Ok(false) };
        let settled = self.cache.store().settle(&self.key, token, act, within).await;
        // Else, and where this is dropped meanwhile, it may be ours still: `drop` gives it back.
        if settled.is_ok() {
            self.token = None;
        }
        settled
    }
}

impl Lease {
    /// What is left of it where it is dropped before it is settled.
    fn left(&mut self) -> Option<Left> {
        let token = self.token.take()?;
        self.cache.leases().leave_behind(&self.key, &token);
        Some(Left { cache: self.cache.again(), key: self.key.clone(), token })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(left) = self.left() {
            give_all_back(vec![left]);
        }
    }
}

/// Gives leases back behind the caller's back, all at once.
pub(super) fn give_back(leases: Vec<Lease>) {
    let left: Vec<_> = leases.into_iter().filter_map(|mut lease| lease.left()).collect();
    if !left.is_empty() {
        give_all_back(left);
    }
}

/// A lease that may stand in the store still.
struct Left {
    cache: Handle,
    key: Key,
    token: Token,
}

impl Left {
    async fn release(self) {
        let Self { cache, key, token } = self;
        let within = cache.settings().timeout;
        if cache.store().settle(&key, &token, Act::Release, within).await.is_ok() {
            cache.leases().given_back(&token);
        }
    }
}

fn give_all_back(left: Vec<Left>) {
    // Without a runtime they run out, or are taken over by the next calls of this process.
    if timers::available() {
        drop(tokio::spawn(async move {
            all(left.into_iter().map(Left::release)).await;
        }));
    }
}
