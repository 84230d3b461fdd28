//! THE algorithm: one cached call, from the look-up to the fill.

use crate::Error;
use crate::budget::Budget;
use crate::call::{Active, Call};
use crate::header::Header;
use crate::lease::Lease;
use crate::lookup::{Looked, Stale, at_once, find, instead};
use crate::outcome::Shape;
use crate::plan::Plan;
use crate::refresh::Owning;
use crate::single_flight::{Landing, Leader, Role, Waited};
use crate::stats::Outcome;
use crate::store::{Acquired, Act};
use crate::timeouts::{Limits, Timed};
use crate::timers;
use crate::work::{Lead, Work};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two requests for a lease that another process has: first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

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
            match loop {
                if let Some(limits) = work.limits()
                    && let Some((output, outcome)) = limits.reached(call, &plan, stale.as_deref())
                {
                    call.record(outcome);
                    return output;
                }
                let left = wait_until.saturating_duration_since(Instant::now());
                let limit = work.limits().and_then(Limits::left).filter(|limit| *limit < left);
                match waiter.wait(limit.unwrap_or(left), plan.errors().unpack).await {
                    Waited::TimedOut if limit.is_some() => {}
                    waited => break waited,
                }
            } {
                Waited::Value(_, until) if until <= call.cache.clock().now() => continue,
                Waited::Value(bytes, _) => {
                    if let Ok(stored) = plan.decode_shared(&bytes) {
                        call.record(Outcome::Coalesced);
                        return S::join(stored);
                    }
                }
                Waited::Again => continue,
                // The leader's own stale value is none of ours: it may be older than an
                // invalidation that was over before this call began.
                failed => {
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
            let loading = call.function.loading();
            let output = work.here().await;
            loading.ends();
            return output;
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
        Claim::Found(stored, bytes, until) => {
            leader.land(Landing::Value(bytes.into(), until));
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
        call.cache.refreshes().failed(&call.key, call.cache.clock().now());
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
    let loading = call.function.loading();
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
    let bytes = if wanted { encode(call, plan, &stored, Header { load }) } else { None };
    let act = match (&bytes, life) {
        (Some(bytes), Some(life)) if plan.fits(bytes) => Act::Fill(bytes, life),
        _ => Act::Discard,
    };
    let now = cache.clock().now();
    let confirmed = match lease {
        Ok(lease) if leader.is_detached() => {
            drop(lease); // invalidated in this process, and the store will know soon
            call.function.measure_voided(&act);
            Confirmed::No
        }
        Ok(lease) => settle(call, budget, &leader, lease, act).await,
        Err(NoLease::StoreInTrouble) => Confirmed::NobodyCan,
        // As long as nobody here may ask the store, there is no store to ask.
        Err(NoLease::Distrusted) if !call.cache.trusts(&call.key) => Confirmed::NobodyCan,
        Err(NoLease::Theirs | NoLease::Distrusted) => Confirmed::No,
    };
    let landing = match bytes {
        Some(bytes) if leader.has_waiters() => {
            let ttl =
                life.map_or(Duration::MAX, |life| life.saturating_sub(plan.windows().longest()));
            Landing::Value(bytes.into(), now.saturating_add(ttl))
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

/// What asking for the lease came to.
enum Claim<'c, T> {
    Lease(Lease<'c>),
    /// Somebody stored the value meanwhile; when it stops being fresh, by the cache's clock.
    Found(T, Vec<u8>, Duration),
    None(NoLease),
}

/// Why a value is computed that will not be stored.
enum NoLease {
    StoreInTrouble,
    /// Another call has the lease, and is not waited for, or not any longer.
    Theirs,
    /// The value there is one that a writer of this process has replaced.
    Distrusted,
}

/// Asks for the lease until it is given, a value is there with more than `above` of its life left,
/// or the wait ends.
///
/// The processes that do not hold it ask again and again, ever more slowly: each time they may
/// find the value, or take over from a holder that was killed. With `single_flight` other than
/// `cluster`, and without `wait_until`, they ask once.
async fn acquire<'c, S: Shape>(
    call: &'c Active,
    plan: &Plan<S>,
    budget: &mut Budget,
    leader: &Leader,
    above: Duration,
    wait_until: Option<Instant>,
) -> Claim<'c, S::Stored> {
    if !leader.is_trusted() {
        return Claim::None(NoLease::Distrusted);
    }
    let mut force = call.refresh;
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(within) = budget.left() else { return Claim::None(NoLease::StoreInTrouble) };
        let mut lease = Lease::request(&call.cache, &call.key);
        leader.asks();
        let sent = Instant::now();
        let acquired = lease.acquire(force, above, within).await;
        budget.charge(sent, acquired.is_ok());
        match acquired {
            Ok(Acquired::Ours) => return Claim::Lease(lease),
            Ok(Acquired::Found((_, until))) if until <= call.cache.clock().now() => {}
            Ok(Acquired::Found((bytes, until))) => match plan.decode(&bytes) {
                Ok(Some(stored)) => return Claim::Found(stored, bytes, until),
                // Of no use to this function: it is there to be replaced.
                _ => force = true,
            },
            Ok(Acquired::Theirs) => {
                let left = wait_until
                    .map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()));
                if !plan.waits_for_others() || left.is_zero() || !timers::available() {
                    return Claim::None(NoLease::Theirs);
                }
                let chance = 0.5 + call.cache.clock().random() / 2.0;
                tokio::time::sleep(pause.mul_f64(chance).min(left)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(error) => {
                call.store_failed(&error);
                return Claim::None(NoLease::StoreInTrouble);
            }
        }
    }
}

/// The value's bytes, unless it is one that could not be read back.
fn encode<S: Shape>(
    call: &Active,
    plan: &Plan<S>,
    stored: &S::Stored,
    header: Header,
) -> Option<Vec<u8>> {
    match plan.encode(stored, header, call.function.expected_size()) {
        Ok(bytes) => {
            call.function.note_size(bytes.len());
            Some(bytes)
        }
        Err(error) => {
            call.codec_failed(&error);
            None
        }
    }
}

/// Whether the store says that a value was computed under a lease that is still good.
enum Confirmed {
    Yes,
    /// It was invalidated meanwhile, or it is not known.
    No,
    /// There is no store to say it.
    NobodyCan,
}

/// Fills, or gives the lease back, in one step that looks whether it is still ours.
async fn settle(
    call: &Active,
    budget: &mut Budget,
    leader: &Leader,
    lease: Lease<'_>,
    act: Act<'_>,
) -> Confirmed {
    let Some(within) = budget.left() else { return Confirmed::No };
    leader.asks();
    let sent = Instant::now();
    let settled = lease.settle(act, within).await;
    budget.charge(sent, settled.is_ok());
    match settled {
        Ok(true) => Confirmed::Yes,
        Ok(false) => {
            call.function.measure_voided(&act);
            Confirmed::No
        }
        Err(error) => {
            call.store_failed(&error);
            match error {
                Error::Unavailable | Error::Refused(_) => Confirmed::NobodyCan,
                _ => Confirmed::No,
            }
        }
    }
}
