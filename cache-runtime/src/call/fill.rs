//! Storing what was computed, and handing it to who waits for it.

use super::Active;
use super::budget::Budget;
use super::lease::{Lease, NoLease};
use super::machine::Machine;
use super::tagged::{Stamp, are_current};
use crate::boxed::boxed;
use crate::error::Error;
use crate::figures::counters::Outcome;
use crate::flight::landing::Landing;
use crate::flight::single_flight::Leader;
use crate::key::tags::Tags;
use crate::plan::rules::Storing;
use crate::store::Act;
use std::pin::Pin;
use std::time::Duration;

/// Whether the store says that a value was computed under a lease that is still good.
#[derive(Clone, Copy)]
enum Confirmed {
    Yes,
    /// It was invalidated meanwhile, or it is not known.
    No,
    /// The store has not said it, and will not.
    NobodyCan,
}

impl Machine {
    /// Stores what was encoded, and lands the flight with it.
    // Boxed: a hit does not pay for the room that it needs.
    #[inline(never)]
    pub(crate) fn finish(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        boxed(|| self.fill())
    }

    pub(super) async fn fill(&mut self) {
        let Self { call, rules, budget, miss: Some(miss), .. } = self else { return };
        let Some(leader) = miss.leader.take() else { return };
        let lease = std::mem::replace(&mut miss.lease, Err(NoLease::Theirs));
        let Storing { mut bytes, load, life, fresh } = miss.storing.take().unwrap_or_default();
        let now = call.cache.clock().now();
        // How much of what is stored is before the value.
        let mut before = 0;
        let confirmed = match lease {
            Ok(mut lease) => {
                let tagged = match life {
                    Some(life) if lease.has_own_tags() => {
                        Box::pin(tag(call, budget, &mut lease, &miss.own_tags, life)).await
                    }
                    _ => Ok(true),
                };
                // Of what is not stored nobody has asked whether its own tags are as they were.
                let is_unknown = life.is_none() && lease.has_own_tags();
                let act = match (tagged, &mut bytes, life) {
                    (Ok(true), Some(bytes), Some(life)) => match lease.seal(load, bytes) {
                        Ok(length) => {
                            before = length;
                            Act::Fill(bytes, life)
                        }
                        Err(error) => {
                            call.not_storable(&error);
                            Act::Discard
                        }
                    },
                    (Ok(true), ..) => Act::Discard,
                    (Ok(false) | Err(_), ..) => Act::Release,
                };
                let stamp = lease.take_stamp();
                match (settle(call, budget, &leader, lease, act).await, tagged) {
                    (_, Err(failed)) => failed,
                    (_, Ok(false)) => {
                        call.function.count_voided();
                        Confirmed::No
                    }
                    (Confirmed::Yes, _) if is_unknown => Confirmed::No,
                    (Confirmed::Yes, _) if !stamp.is_empty() => {
                        call.function.note_life(life.unwrap_or_default());
                        Box::pin(confirm(call, budget, &leader, &stamp)).await
                    }
                    (settled, _) => settled,
                }
            }
            Err(NoLease::StoreInTrouble) => Confirmed::NobodyCan,
            // As long as nobody here may ask the store, there is no store to ask.
            Err(NoLease::Distrusted) if !call.trusts() => Confirmed::NobodyCan,
            Err(NoLease::Theirs | NoLease::Distrusted) => Confirmed::No,
        };
        // The push that says so comes soon, and who has refreshed is not to read what was before.
        if (rules.l1.is_some() || call.refresh)
            && let Some(l1) = call.cache.l1()
        {
            l1.forget(std::slice::from_ref(&call.key));
        }
        let value = bytes.as_ref().and_then(|bytes| bytes.get(before..));
        let landing = match value.filter(|_| leader.has_waiters()) {
            Some(value) => Landing::Value(value.into(), now.saturating_add(fresh)),
            None => Landing::Unshared,
        };
        match confirmed {
            Confirmed::Yes => leader.land(landing),
            Confirmed::NobodyCan if call.is_cut_off() => leader.land_for_all(landing),
            // Who came before the body began may have it all the same; the others look again.
            Confirmed::No | Confirmed::NobodyCan => {
                leader.land_for_those_before(miss.began, landing);
            }
        }
        call.record(Outcome::Miss);
    }
}

/// Has the store know the tags of its own that what was computed has. Says whether none of them was
/// invalidated meanwhile; or, where the store does not say it, what follows of that.
async fn tag(
    call: &Active,
    budget: &mut Budget,
    lease: &mut Lease,
    own: &Tags,
    life: Duration,
) -> Result<bool, Confirmed> {
    // Whoever has invalidated the key here has perhaps not reached the store yet.
    if !call.trusts() {
        return Ok(false);
    }
    match budget.spend(|within| lease.tag(own, life, within)).await {
        Some(Ok(is_good)) => Ok(is_good),
        Some(Err(error)) => {
            call.store_failed(&error);
            Err(not_settled(&error))
        }
        None => Err(Confirmed::No),
    }
}

/// Looks, if anybody waits, whether the tags are what they were before the body began. The store
/// has said that the lease was good, and knows nothing of tags.
async fn confirm(call: &Active, budget: &mut Budget, leader: &Leader, stamp: &Stamp) -> Confirmed {
    if !leader.has_waiters() {
        return Confirmed::No; // who comes now looks by itself
    }
    leader.asks();
    match budget.spend(|within| are_current(&call.cache, stamp, within)).await {
        Some(Ok(true)) => Confirmed::Yes,
        _ => Confirmed::No,
    }
}

/// Fills, or gives the lease back, in one step that looks whether it is still ours.
async fn settle(
    call: &Active,
    budget: &mut Budget,
    leader: &Leader,
    lease: Lease,
    act: Act<'_>,
) -> Confirmed {
    let ran_out = lease.has_run_out();
    let settled = if leader.is_forgotten() {
        drop(lease); // invalidated in this process, and the store will know soon
        Some(Ok(false))
    } else {
        leader.asks();
        budget.spend(|within| lease.settle(act, within)).await
    };
    match settled {
        Some(Ok(true)) => Confirmed::Yes,
        Some(Ok(false)) => {
            match act {
                Act::Fill(..) if ran_out => call.lease_ran_out(),
                Act::Fill(..) => call.function.count_voided(),
                Act::Discard | Act::End | Act::Release => {}
            }
            Confirmed::No
        }
        Some(Err(error)) => {
            call.store_failed(&error);
            not_settled(&error)
        }
        None => Confirmed::No,
    }
}

/// What follows of this failure of the store for those who wait.
fn not_settled(error: &Error) -> Confirmed {
    match error {
        Error::Unavailable | Error::Refused(_) => Confirmed::NobodyCan,
        _ => Confirmed::No,
    }
}
