//! THE algorithm: one cached call, from the look-up to the fill.

use crate::call::background::Owning;
use crate::call::budget::Budget;
use crate::call::claim::{Claim, NoLease, acquire};
use crate::call::fill::{Confirmed, encode, settle};
use crate::call::lease::Lease;
use crate::call::limits::{Limits, Timed};
use crate::call::lookup::{Looked, Stale, at_once, find, instead};
use crate::call::work::{Lead, Work};
use crate::call::{Active, Call};
use crate::codec::envelope::Envelope;
use crate::figures::counters::Outcome;
use crate::flight::single_flight::{Landing, Leader, Role, Waited, Waiter};
use crate::plan::Plan;
use crate::plan::shape::Shape;
use crate::store::Act;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Returns the cached value, or what `body` returns.
///
/// Whatever happens to the store, the result is one that `body` returned, now or earlier, and
/// `body` runs at most once. On a hit it is never polled.
pub fn read_through<S, B>(
    call: Call,
    plan: Plan<S>,
    body: Pin<&mut B>,
) -> impl Future<Output = S::Output>
where
    S: Shape,
    B: Future<Output = S::Output>,
{
    answer(call, plan, body)
}

/// The same for a body that may outlive its caller. `make` copies the arguments, and is called
/// once it is known that the body is to run.
pub fn read_through_owned<S, F, B>(
    call: Call,
    plan: Plan<S>,
    make: F,
) -> impl Future<Output = S::Output>
where
    S: Shape<Output: 'static, Stored: Send> + 'static,
    F: FnOnce() -> B,
    B: Future<Output = S::Output> + Send + 'static,
{
    answer(call, plan, Owning(make))
}

/// The same for a caller that waits for a limited time.
pub fn read_through_timed<S, F, B>(
    call: Call,
    plan: Plan<S>,
    limits: Limits<S::Output>,
    make: F,
) -> impl Future<Output = S::Output>
where
    S: Shape<Output: 'static, Stored: Send> + 'static,
    F: FnOnce() -> B,
    B: Future<Output = S::Output> + Send + 'static,
{
    answer(call, plan, Timed { make, limits })
}

// Not an `async fn`, whose future holds its arguments twice: as given, and as bound by its body.
#[allow(clippy::manual_async_fn)]
fn answer<S, W, B>(call: Call, plan: Plan<S>, work: W) -> impl Future<Output = S::Output>
where
    S: Shape,
    W: Work<S, B>,
    B: Future<Output = S::Output> + Unpin,
{
    async move {
        let Call(Some(call)) = &call else { return work.here().await };
        let mut budget = Budget::new(call.cache.settings().timeout);
        let flights = call.cache.flights();

        let mut look = !call.refresh;
        let mut stale = None;
        let mut wait_until = None;
        if call.refresh {
            flights.detach(&call.key);
        }
        loop {
            if look && !call.cache.trusts(&call.key) {
                stale = None;
            } else if look {
                stale = match find(call, &plan, &mut budget).await {
                    Looked::Fresh(stored, early) => {
                        if let Some(left) = early {
                            work.behind(call, &plan, left);
                        }
                        call.record(Outcome::Hit);
                        return S::join(stored);
                    }
                    Looked::Stale(stale) => Some(stale),
                    Looked::Absent => None,
                };
                if let Some((stored, refresh)) = at_once(call, &plan, stale.as_deref()) {
                    if refresh {
                        work.behind(call, &plan, plan.windows().longest());
                    }
                    call.record(Outcome::Stale);
                    return S::join(stored);
                }
            }
            look = true;
            let wait_until = *wait_until.get_or_insert_with(|| Instant::now() + call.wait);
            let role = if plan.shares_here() {
                flights.join(&call.key)
            } else {
                Role::Lead(flights.alone(&call.key))
            };
            let waiter = match role {
                Role::Lead(leader) => {
                    let leading = Leading { leader, budget, wait_until, stale };
                    // Boxed: a hit does not pay for the room that a miss needs.
                    let led = Box::pin(led(call, &plan, leading, work));
                    let (output, outcome) = led.await;
                    call.record(outcome);
                    return output;
                }
                Role::Wait(waiter) => waiter,
            };
            let limits = work.limits();
            match wait(call, &plan, &waiter, limits, wait_until, stale.as_deref()).await {
                Err((output, outcome)) => {
                    call.record(outcome);
                    return output;
                }
                Ok(Waited::Value(_, until)) if until <= call.cache.clock().now() => continue,
                Ok(Waited::Value(bytes, _)) => {
                    if let Ok(stored) = plan.decode_shared(&bytes) {
                        call.record(Outcome::Coalesced);
                        return S::join(stored);
                    }
                }
                Ok(Waited::Again) => continue,
                // The leader's own stale value is none of ours: it may be older than an
                // invalidation that was over before this call began.
                Ok(failed) => {
                    if let Some(stored) = instead(call, &plan, stale.as_deref()) {
                        call.record(Outcome::Stale);
                        return S::join(stored);
                    }
                    if let Waited::Error(output) = failed {
                        call.record(Outcome::Coalesced);
                        return output;
                    }
                }
            }
            // Side by side with others: nobody's lease covers this, so nothing is stored.
            call.record(Outcome::Miss);
            let loading = call.function.load_begins();
            let output = work.here().await;
            loading.ends();
            return output;
        }
    }
}

/// Waits for what another call of this process computes. The error is what this caller gets once
/// its own limits are reached.
async fn wait<S: Shape>(
    call: &Active,
    plan: &Plan<S>,
    waiter: &Waiter,
    limits: Option<&Limits<S::Output>>,
    until: Instant,
    stale: Option<&Stale>,
) -> Result<Waited<S::Output>, (S::Output, Outcome)> {
    loop {
        if let Some(reached) = limits.and_then(|limits| limits.reached(call, plan, stale)) {
            return Err(reached);
        }
        let left = until.saturating_duration_since(Instant::now());
        let limit = limits.and_then(Limits::left).filter(|limit| *limit < left);
        match waiter.wait(limit.unwrap_or(left), plan.errors().unpack).await {
            Waited::TimedOut if limit.is_some() => {}
            waited => return Ok(waited),
        }
    }
}

/// Leads for as long as the caller waits.
async fn led<S, W, B>(
    call: &Active,
    plan: &Plan<S>,
    leading: Leading,
    work: W,
) -> (S::Output, Outcome)
where
    S: Shape,
    W: Work<S, B>,
    B: Future<Output = S::Output> + Unpin,
{
    match work.lead(call, plan, leading) {
        Lead::Here(work, leading) => lead(call, plan, leading, work).await,
        Lead::Going(going) => going.wait(call, plan).await,
    }
}

/// What leading a flight takes.
pub(crate) struct Leading {
    leader: Leader,
    budget: Budget,
    /// How long another process is waited for.
    wait_until: Instant,
    /// What the caller gets if the body fails, and nobody else.
    pub(crate) stale: Option<Arc<Stale>>,
}

/// Computes for everybody who waits: takes the key's lease, runs the body, and fills.
pub(crate) async fn lead<S, W, B>(
    call: &Active,
    plan: &Plan<S>,
    leading: Leading,
    work: W,
) -> (S::Output, Outcome)
where
    S: Shape,
    W: Work<S, B>,
    B: Future<Output = S::Output> + Unpin,
{
    let Leading { leader, mut budget, wait_until, stale } = leading;
    let budget = &mut budget;
    let window = plan.windows().longest();
    let lease = match acquire(call, plan, budget, &leader, window, Some(wait_until)).await {
        Claim::Found(stored, value, until) => {
            leader.land(Landing::Value((&*value).into(), until));
            return (S::join(stored), Outcome::Hit);
        }
        Claim::Lease(lease) => Ok(lease),
        Claim::None(why) => {
            let waited = matches!(why, NoLease::Theirs) && plan.waits_for_others();
            if waited && let Some(stored) = instead(call, plan, stale.as_deref()) {
                return (S::join(stored), Outcome::Stale);
            }
            Err(why)
        }
    };
    let output = compute(call, plan, budget, leader, lease, work.here()).await;
    if S::stored(&output).is_none()
        && let Some(stored) = instead(call, plan, stale.as_deref())
    {
        call.cache.slots().failed(&call.key, call.cache.clock().now());
        return (S::join(stored), Outcome::Stale);
    }
    (output, Outcome::Miss)
}

/// Computes behind the callers' backs, unless somebody does already, or has: then there is a value
/// with more than `above` of its life left. Says whether that failed.
pub(crate) async fn refresh<S, B>(call: &Active, plan: &Plan<S>, above: Duration, body: B) -> bool
where
    S: Shape,
    B: Future<Output = S::Output> + Unpin,
{
    let Role::Lead(leader) = call.cache.flights().join(&call.key) else { return false };
    let mut budget = Budget::new(call.cache.settings().timeout);
    let Claim::Lease(lease) = acquire(call, plan, &mut budget, &leader, above, None).await else {
        return false; // fresh again, about to be, or there is nowhere to store it
    };
    let output = compute(call, plan, &mut budget, leader, Ok(lease), body).await;
    S::stored(&output).is_none()
}

/// Runs the body, fills, and hands the result to who waits for it.
async fn compute<S, B>(
    call: &Active,
    plan: &Plan<S>,
    budget: &mut Budget,
    leader: Leader,
    lease: Result<Lease<'_>, NoLease>,
    body: B,
) -> S::Output
where
    S: Shape,
    B: Future<Output = S::Output> + Unpin,
{
    let began = leader.begins();
    let begun = plan.early().map(|_| call.cache.clock().now());
    let loading = call.function.load_begins();
    let output = match &lease {
        Ok(lease) => lease.hold(body).await,
        Err(_) => body.await,
    };
    loading.ends();
    let stored = match S::split(output) {
        Ok(stored) => stored,
        Err(failed) => {
            let error = (plan.errors().pack)(&failed);
            leader.land_for_all(error.map_or(Landing::Apart, Landing::Error));
            return failed;
        }
    };
    let cache = &call.cache;
    let life = plan.life(&stored, cache.settings(), || cache.clock().random()).ok().flatten();
    let wanted = life.is_some() || leader.has_waiters();
    let load = begun.map(|begun| cache.clock().now().saturating_sub(begun));
    let encoded = if wanted { encode(call, plan, &stored, Envelope { load }) } else { None };
    let act = match (&encoded, life) {
        (Some(encoded), Some(life)) if plan.fits(encoded.value()) => {
            Act::Fill(&encoded.sealed, life)
        }
        _ => Act::Discard,
    };
    let now = cache.clock().now();
    let confirmed = match lease {
        Ok(lease) if leader.is_detached() => {
            drop(lease); // invalidated in this process, and the store will know soon
            if matches!(act, Act::Fill(..)) {
                call.function.count_voided();
            }
            Confirmed::No
        }
        Ok(lease) => settle(call, budget, &leader, lease, act).await,
        Err(NoLease::StoreInTrouble) => Confirmed::NobodyCan,
        // As long as nobody here may ask the store, there is no store to ask.
        Err(NoLease::Distrusted) if !call.cache.trusts(&call.key) => Confirmed::NobodyCan,
        Err(NoLease::Theirs | NoLease::Distrusted) => Confirmed::No,
    };
    let landing = match &encoded {
        Some(encoded) if leader.has_waiters() => {
            let ttl =
                life.map_or(Duration::MAX, |life| life.saturating_sub(plan.windows().longest()));
            Landing::Value(encoded.value().into(), now.saturating_add(ttl))
        }
        _ => Landing::Apart,
    };
    match confirmed {
        Confirmed::Yes => leader.land(landing),
        Confirmed::NobodyCan => leader.land_for_all(landing),
        // Who came before the body began may have it all the same; the others look again.
        Confirmed::No => leader.land_for_those_before(began, landing),
    }
    S::join(stored)
}
