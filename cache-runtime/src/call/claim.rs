//! Asking for a key's lease, until somebody has stored the value or the wait ends.

use crate::call::Active;
use crate::call::budget::Budget;
use crate::call::lease::Lease;
use crate::codec::envelope::{self, Payload};
use crate::flight::single_flight::Leader;
use crate::plan::Plan;
use crate::plan::shape::Shape;
use crate::store::{Acquired, Ask, Found};
use crate::timers;
use std::time::{Duration, Instant};

/// Between two requests for a lease that another process has: first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// What asking for the lease came to.
pub(crate) enum Claim<'c, T> {
    Lease(Lease<'c>),
    /// Somebody stored the value meanwhile; when it stops being fresh, by the cache's clock.
    Found(T, Payload, Duration),
    None(NoLease),
}

/// Why a value is computed that will not be stored.
pub(crate) enum NoLease {
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
pub(crate) async fn acquire<'c, S: Shape>(
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
    let clock = call.cache.clock();
    let mut ask = match plan.needs_life() {
        _ if call.refresh => Ask::Force,
        true => Ask::Above(above),
        false => Ask::IfAbsent,
    };
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(within) = budget.left() else { return Claim::None(NoLease::StoreInTrouble) };
        let mut lease = Lease::request(&call.cache, &call.key);
        leader.asks();
        let (sent, asked) = (Instant::now(), clock.now());
        let acquired = lease.acquire(ask, within).await;
        budget.charge(sent, acquired.is_ok());
        match acquired {
            Ok(Acquired::Ours) => return Claim::Lease(lease),
            Ok(Acquired::Found(Found { bytes, left })) => {
                let until = left
                    .map_or(Duration::MAX, |left| asked.saturating_add(left.saturating_sub(above)));
                if until <= clock.now() {
                    continue;
                }
                let value = envelope::open(&call.key, bytes).map(|opened| opened.value);
                match value.and_then(|value| Ok((plan.decode(&value)?, value))) {
                    Ok((Some(stored), value)) => return Claim::Found(stored, value, until),
                    // Of no use to this function: it is there to be replaced.
                    _ => ask = Ask::Force,
                }
            }
            Ok(Acquired::Theirs) => {
                let left = wait_until
                    .map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()));
                if !plan.waits_for_others() || left.is_zero() || !timers::available() {
                    return Claim::None(NoLease::Theirs);
                }
                let chance = 0.5 + clock.random() / 2.0;
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
