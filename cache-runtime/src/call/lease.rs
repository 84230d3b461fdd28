//! Holding a key's lease while its value is computed.

use crate::cache::Cache;
use crate::error::Error;
use crate::key::whole::Key;
use crate::store::{Acquired, Act, Ask, Store, Token};
use crate::timers;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// How long a lease lasts unless it is renewed: as long as a killed process keeps others waiting.
pub(crate) const LIFE: Duration = Duration::from_secs(2);
/// How often it is renewed while the body runs.
const RENEW_EVERY: Duration = Duration::from_millis(600);
/// A body that runs for longer stores nothing.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// The lease of a key, asked for or held. Dropped before it is settled, it is given back behind the
/// caller's back: it may have been given.
#[derive(Debug)]
pub(crate) struct Lease<'c> {
    cache: &'c Cache,
    key: &'c Key,
    token: Option<Token>,
}

impl<'c> Lease<'c> {
    /// About to be asked for. The token is a new one each time: an earlier request that was given
    /// up may still arrive, and would be taken for this one.
    pub(crate) fn request(cache: &'c Cache, key: &'c Key) -> Self {
        Self { cache, key, token: Some(Token::random()) }
    }

    /// Asks for it.
    pub(crate) async fn acquire(&mut self, ask: Ask, within: Duration) -> Result<Acquired, Error> {
        let Some(token) = &self.token else { return Ok(Acquired::Theirs) };
        let acquired = self.cache.store().acquire(self.key, ask, token, LIFE, within).await;
        // After a timeout it may arrive there all the same, and runs out. Nothing could be sent to
        // follow it: the timeout has taken the connections down.
        if !matches!(acquired, Ok(Acquired::Ours)) {
            self.token = None;
        }
        acquired
    }

    /// Does `act` if the lease is still this call's, and ends it either way.
    pub(crate) async fn settle(mut self, act: Act<'_>, within: Duration) -> Result<bool, Error> {
        let Some(token) = &self.token else { return Ok(false) };
        let settled = self.cache.store().settle(self.key, token, act, within).await;
        // Else, and where this is dropped meanwhile, it may be ours still: `drop` gives it back.
        if settled.is_ok() {
            self.token = None;
        }
        settled
    }

    /// Runs `body`, renewing the lease meanwhile.
    pub(crate) async fn hold<B: Future + Unpin>(&self, mut body: B) -> B::Output {
        // Most bodies end before the first renewal: nothing is set up before one has to wait.
        let mut renewals: Option<Pin<Box<_>>> = None;
        let mut renewing = timers::available();
        poll_fn(|context| {
            if let Poll::Ready(output) = Pin::new(&mut body).poll(context) {
                return Poll::Ready(output);
            }
            if renewing {
                let renewals = renewals.get_or_insert_with(|| Box::pin(self.renew()));
                renewing = renewals.as_mut().poll(context).is_pending();
            }
            Poll::Pending
        })
        .await
    }

    async fn renew(&self) {
        let Some(token) = &self.token else { return };
        let Self { cache, key, .. } = *self;
        for _ in 0..LONGEST.as_millis() / RENEW_EVERY.as_millis() {
            tokio::time::sleep(RENEW_EVERY).await;
            let within = cache.settings().timeout;
            match cache.store().settle(key, token, Act::Renew(LIFE), within).await {
                Ok(true) => {}
                // Voided, or the store is in trouble: the fill will find out.
                Ok(false) | Err(_) => return,
            }
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let Some(token) = self.token.take() else { return };
        // Without a runtime it just runs out.
        if timers::available() {
            let (cache, key) = (self.cache.clone(), self.key.clone());
            drop(tokio::spawn(async move {
                let within = cache.settings().timeout;
                let _ = cache.store().settle(&key, &token, Act::Release, within).await;
            }));
        }
    }
}
