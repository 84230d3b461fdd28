//! THE algorithm: one cached call, from the look-up to the fill.

use crate::Error;
use crate::call::{Active, Call};
use crate::outcome::Shape;
use crate::plan::Plan;
use crate::single_flight::{Landing, Leader, Role, Waited};
use crate::stats::Outcome;
use crate::store::Store;
use std::convert::Infallible;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// Returns the cached value, or what `body` returns.
///
/// Whatever happens to the store, the result is one that `body` returned, now or earlier, and
/// `body` runs at most once. On a hit it is never polled.
// Not an `async fn`, whose future holds its arguments twice: as given, and as bound by its body.
#[allow(clippy::manual_async_fn)]
pub fn read_through<S, B>(
    call: Call,
    plan: Plan<S>,
    body: Pin<&mut B>,
) -> impl Future<Output = S::Output>
where
    S: Shape,
    B: Future<Output = S::Output>,
{
    async move {
        let Call(Some(call)) = &call else { return body.await };
        let mut budget = Budget::new(call.cache.settings().timeout);
        let flights = call.cache.flights();
        let mut wait_until = None;

        let mut look = !call.refresh;
        if call.refresh {
            flights.detach(&call.key);
        }
        loop {
            let landings = flights.landings();
            if look && let Some((stored, _)) = find(call, &plan, &mut budget).await {
                call.record(Outcome::Hit);
                return S::join(stored);
            }
            let waiter = match flights.join(&call.key) {
                Role::Lead(leader) => {
                    // A flight that landed since the look may have been this key's.
                    if look && flights.landings() != landings {
                        leader.close();
                        if let Some((stored, bytes)) = find(call, &plan, &mut budget).await {
                            leader.land(Landing::Value(bytes.into()));
                            call.record(Outcome::Hit);
                            return S::join(stored);
                        }
                        leader.reopen();
                    }
                    return compute(call, &plan, &mut budget, Some(leader), body).await;
                }
                Role::Wait(waiter) => waiter,
            };
            let now = Instant::now();
            let until = *wait_until.get_or_insert_with(|| now + call.cache.settings().wait);
            let limit = until.saturating_duration_since(now);
            let waited: Waited<Infallible> = match waiter.wait(limit, plan.errors().unpack).await {
                Waited::Error(output) => {
                    call.record(Outcome::Coalesced);
                    return output;
                }
                Waited::Value(bytes) => Waited::Value(bytes),
                Waited::Apart => Waited::Apart,
                Waited::TimedOut => Waited::TimedOut,
                Waited::Again => Waited::Again,
            };
            // From here on no error is held over an await: it need not be `Send`.
            match waited {
                Waited::Value(bytes) => {
                    if let Ok(Some(stored)) = plan.decode(&bytes) {
                        call.record(Outcome::Coalesced);
                        return S::join(stored);
                    }
                    return compute(call, &plan, &mut budget, None, body).await;
                }
                Waited::Error(never) => match never {},
                Waited::Apart => return compute(call, &plan, &mut budget, None, body).await,
                Waited::TimedOut => {
                    call.record(Outcome::Miss);
                    return body.await;
                }
                Waited::Again => look = true,
            }
        }
    }
}

/// Looks the key up: the value and its bytes, if the store has one that can be read.
async fn find<S: Shape>(
    call: &Active,
    plan: &Plan<S>,
    budget: &mut Budget,
) -> Option<(S::Stored, Vec<u8>)> {
    let within = budget.left()?;
    let sent = Instant::now();
    let found = call.cache.store().get(&call.key, within).await;
    let worked = found.is_ok();
    match found {
        Ok(Some(bytes)) => match plan.decode(&bytes) {
            // The last command of its call: what it took need not be known.
            Ok(Some(stored)) => return Some((stored, bytes)),
            Ok(None) => {}
            Err(error) => call.codec_failed(&error),
        },
        Ok(None) => {}
        Err(error @ Error::WrongType) => call.codec_failed(&error),
        Err(error) => call.store_failed(&error),
    }
    budget.charge(sent, worked);
    None
}

/// Runs the body, stores its value, and hands it to the waiters.
async fn compute<S, B>(
    call: &Active,
    plan: &Plan<S>,
    budget: &mut Budget,
    leader: Option<Leader<'_>>,
    body: Pin<&mut B>,
) -> S::Output
where
    S: Shape,
    B: Future<Output = S::Output>,
{
    let output = body.await;
    call.record(Outcome::Miss);
    let stored = match S::split(output) {
        Ok(stored) => stored,
        Err(failed) => {
            if let Some(leader) = leader {
                let error = (plan.errors().pack)(&failed);
                leader.land(error.map_or(Landing::Apart, Landing::Error));
            }
            return failed;
        }
    };

    let cache = &call.cache;
    let life = plan.life(&stored, cache.settings(), || cache.clock().random()).ok().flatten();
    let wanted = life.is_some() || leader.as_ref().is_some_and(Leader::has_waiters);
    let bytes = wanted.then(|| plan.encode(&stored, call.function.expected_size()));
    let landing = match bytes {
        None => Landing::Apart,
        Some(Err(error)) => {
            call.codec_failed(&error);
            Landing::Apart
        }
        Some(Ok(bytes)) => {
            call.function.note_size(bytes.len());
            let old = leader.as_ref().is_some_and(Leader::is_detached);
            if let Some(life) = life.filter(|_| plan.fits(&bytes) && !old) {
                if let Some(leader) = &leader {
                    leader.close();
                }
                // Boxed, since what a fill needs would make the future of every call larger.
                Box::pin(fill(call, budget, &bytes, life)).await;
            }
            match &leader {
                Some(leader) if leader.has_waiters() => Landing::Value(bytes.into()),
                _ => Landing::Apart,
            }
        }
    };
    if let Some(leader) = leader {
        leader.land(landing);
    }
    S::join(stored)
}

/// Stores the bytes; a failure is counted and otherwise nobody's concern.
async fn fill(call: &Active, budget: &mut Budget, bytes: &[u8], life: Duration) {
    let Some(within) = budget.left() else { return };
    let sent = Instant::now();
    let stored = call.cache.store().set(&call.key, bytes, life, within).await;
    budget.charge(sent, stored.is_ok());
    if let Err(error) = stored {
        call.store_failed(&error);
    }
}

/// The time that all store commands of one call have together. The body's time is not in it.
struct Budget {
    left: Duration,
}

impl Budget {
    fn new(timeout: Duration) -> Self {
        Self { left: timeout }
    }

    /// How long the next command may take; `None` when there is to be none.
    fn left(&self) -> Option<Duration> {
        (!self.left.is_zero()).then_some(self.left)
    }

    /// Takes off what a command took. After a failure no more are sent.
    fn charge(&mut self, sent: Instant, worked: bool) {
        self.left = if worked { self.left.saturating_sub(sent.elapsed()) } else { Duration::ZERO };
    }
}
