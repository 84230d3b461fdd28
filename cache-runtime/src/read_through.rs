//! THE algorithm: one cached call, from the look-up to the fill.

use crate::Error;
use crate::call::{Active, Call};
use crate::lease::{self, Lease};
use crate::outcome::Shape;
use crate::plan::Plan;
use crate::single_flight::{Landing, Leader, Role, Waited};
use crate::stats::Outcome;
use crate::store::{Acquired, Act, Store, Token};
use crate::timers;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// Between two requests for a lease that another process has: first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

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

        let mut look = !call.refresh;
        let mut wait_until = None;
        if call.refresh {
            flights.detach(&call.key);
        }
        loop {
            if look
                && call.cache.trusts(&call.key)
                && let Some(stored) = find(call, &plan, &mut budget).await
            {
                call.record(Outcome::Hit);
                return S::join(stored);
            }
            look = true;
            let wait_until = *wait_until.get_or_insert_with(|| Instant::now() + call.wait);
            let waiter = match flights.join(&call.key) {
                Role::Lead(leader) => {
                    // Boxed: a hit does not pay for the room that a miss needs.
                    let lead = lead(call, &plan, &mut budget, leader, wait_until, body);
                    return Box::pin(lead).await;
                }
                Role::Wait(waiter) => waiter,
            };
            let limit = wait_until.saturating_duration_since(Instant::now());
            match waiter.wait(limit, plan.errors().unpack).await {
                Waited::Value(bytes) => {
                    if let Ok(stored) = plan.decode_shared(&bytes) {
                        call.record(Outcome::Coalesced);
                        return S::join(stored);
                    }
                }
                Waited::Error(output) => {
                    call.record(Outcome::Coalesced);
                    return output;
                }
                Waited::Again => continue,
                Waited::Apart | Waited::TimedOut => {}
            }
            // Side by side with others: nobody's lease covers this, so nothing is stored.
            call.record(Outcome::Miss);
            return body.await;
        }
    }
}

/// Looks the key up: the value, if the store has one that can be read.
async fn find<S: Shape>(call: &Active, plan: &Plan<S>, budget: &mut Budget) -> Option<S::Stored> {
    let within = budget.left()?;
    let sent = Instant::now();
    let found = call.cache.store().get(&call.key, within).await;
    budget.charge(sent, found.is_ok());
    match found {
        Ok(bytes) => plan.decode(&bytes?).unwrap_or_else(|error| {
            call.codec_failed(&error);
            None
        }),
        Err(error @ Error::WrongType) => {
            call.codec_failed(&error);
            None
        }
        Err(error) => {
            call.store_failed(&error);
            None
        }
    }
}

/// Computes for everybody who waits: takes the key's lease, runs the body, and fills.
async fn lead<S, B>(
    call: &Active,
    plan: &Plan<S>,
    budget: &mut Budget,
    leader: Leader<'_>,
    wait_until: Instant,
    body: Pin<&mut B>,
) -> S::Output
where
    S: Shape,
    B: Future<Output = S::Output>,
{
    let claim = if leader.is_trusted() {
        acquire(call, plan, budget, &leader, wait_until).await
    } else {
        Claim::None(NoLease::Distrusted)
    };
    let lease = match claim {
        Claim::Found(stored, bytes) => {
            leader.land(Landing::Value(bytes.into()));
            call.record(Outcome::Hit);
            return S::join(stored);
        }
        Claim::Lease(lease) => Ok(lease),
        Claim::None(why) => Err(why),
    };
    let began = leader.begins();
    let output = match &lease {
        Ok(lease) => lease.hold(body).await,
        Err(_) => body.await,
    };
    call.record(Outcome::Miss);
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
    let bytes = if wanted { encode(call, plan, &stored) } else { None };
    let act = match (&bytes, life) {
        (Some(bytes), Some(life)) if plan.fits(bytes) => Act::Fill(bytes, life),
        _ => Act::Release,
    };
    let confirmed = match lease {
        Ok(lease) if leader.is_detached() => {
            drop(lease); // invalidated in this process, and the store will know soon
            Confirmed::No
        }
        Ok(lease) => settle(call, budget, &leader, lease, act).await,
        Err(NoLease::StoreInTrouble) => Confirmed::NobodyCan,
        // As long as nobody here may ask the store, there is no store to ask.
        Err(NoLease::Distrusted) if !call.cache.trusts(&call.key) => Confirmed::NobodyCan,
        Err(NoLease::WaitedTooLong | NoLease::Distrusted) => Confirmed::No,
    };
    let landing = match bytes {
        Some(bytes) if leader.has_waiters() => Landing::Value(bytes.into()),
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
    /// Somebody stored the value meanwhile.
    Found(T, Vec<u8>),
    None(NoLease),
}

/// Why a value is computed that will not be stored.
enum NoLease {
    StoreInTrouble,
    /// Another process has the lease, and has not filled it in time.
    WaitedTooLong,
    /// The value there is one that a writer of this process has replaced.
    Distrusted,
}

/// Asks for the lease until it is given, the value is there, or the wait ends.
///
/// The processes that do not hold it ask again and again, ever more slowly: each time they may
/// find the value, or take over from a holder that was killed.
async fn acquire<'c, S: Shape>(
    call: &'c Active,
    plan: &Plan<S>,
    budget: &mut Budget,
    leader: &Leader<'_>,
    wait_until: Instant,
) -> Claim<'c, S::Stored> {
    let store = call.cache.store();
    let mut force = call.refresh;
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(within) = budget.left() else { return Claim::None(NoLease::StoreInTrouble) };
        // Never sent twice: an earlier request may still arrive, and be taken for this one.
        let token = Token::random();
        leader.asks();
        let sent = Instant::now();
        let acquired = store.acquire(&call.key, &token, lease::LIFE, force, within).await;
        budget.charge(sent, acquired.is_ok());
        match acquired {
            Ok(Acquired::Ours) => return Claim::Lease(Lease::new(call, token)),
            Ok(Acquired::Found(bytes)) => match plan.decode(&bytes) {
                Ok(Some(stored)) => return Claim::Found(stored, bytes),
                // Of no use to this function: it is there to be replaced.
                _ => force = true,
            },
            Ok(Acquired::Theirs) => {
                let left = wait_until.saturating_duration_since(Instant::now());
                if left.is_zero() || !timers::available() {
                    return Claim::None(NoLease::WaitedTooLong);
                }
                let chance = 0.5 + call.cache.clock().random() / 2.0;
                tokio::time::sleep(pause.mul_f64(chance).min(left)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(error) => {
                call.store_failed(&error);
                if error == Error::Timeout {
                    // It may still arrive there: the release follows it.
                    lease::release_behind(call, token);
                }
                return Claim::None(NoLease::StoreInTrouble);
            }
        }
    }
}

/// The value's bytes, unless it is one that could not be read back.
fn encode<S: Shape>(call: &Active, plan: &Plan<S>, stored: &S::Stored) -> Option<Vec<u8>> {
    match plan.encode(stored, call.function.expected_size()) {
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
    leader: &Leader<'_>,
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
        Ok(false) => Confirmed::No,
        Err(error) => {
            call.store_failed(&error);
            match error {
                Error::Unavailable | Error::Refused(_) => Confirmed::NobodyCan,
                _ => Confirmed::No,
            }
        }
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
