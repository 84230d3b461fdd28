//! Holding a key's lease while its value is computed.

use crate::Error;
use crate::call::Active;
use crate::store::{Act, Store, Token};
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
const LONGEST: Duration = Duration::from_secs(60);

/// The lease of the call's key. Dropped unsettled, it is given back behind the caller's back.
#[derive(Debug)]
pub(crate) struct Lease<'c> {
    call: &'c Active,
    token: Option<Token>,
}

impl<'c> Lease<'c> {
    pub(crate) fn new(call: &'c Active, token: Token) -> Self {
        Self { call, token: Some(token) }
    }

    /// Does `act` if the lease is still this call's, and ends it either way.
    pub(crate) async fn settle(mut self, act: Act<'_>, within: Duration) -> Result<bool, Error> {
        let Some(token) = self.token.take() else { return Ok(false) };
        let settled = self.call.cache.store().settle(&self.call.key, &token, act, within).await;
        if settled.is_err() {
            self.token = Some(token); // it may be ours still: `drop` gives it back
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
        let Active { cache, key, .. } = self.call;
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
        if let Some(token) = self.token.take() {
            release_behind(self.call, token);
        }
    }
}

/// Gives a lease back without anybody waiting for it; without a runtime it just runs out.
pub(crate) fn release_behind(call: &Active, token: Token) {
    if !timers::available() {
        return;
    }
    let (cache, key) = ((*call.cache).clone(), call.key.clone());
    drop(tokio::spawn(async move {
        let within = cache.settings().timeout;
        let _ = cache.store().settle(&key, &token, Act::Release, within).await;
    }));
}
