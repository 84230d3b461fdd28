//! Storing a value that somebody gives: under the key's lease, taken from whoever has it, so that
//! neither a later put nor an invalidation is undone by one that arrives late.

use crate::cache::Cache;
use crate::call::budget::Budget;
use crate::call::lease::Lease;
use crate::error::Error;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::store::{Acquired, Act, Ask};
use std::time::Duration;

/// What is stored, for how long, and which tags of its own it has.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) life: Duration,
    pub(crate) own_tags: Tags,
}

/// Takes the lease, whoever has it, for a value with `tags` that is likely to live for `life`. `None`
/// where there is nowhere to store, or no time for it.
pub(super) async fn seize(
    cache: &Cache,
    key: &Key,
    (tags, life): (Tags, Duration),
    budget: &mut Budget,
) -> Result<Option<Lease>, Error> {
    if cache.is_disabled() {
        return Ok(None);
    }
    // Who comes from now on waits for the new value, not for what was begun before.
    cache.flights().forget(key.into());
    let lease = Lease::request(cache.clone().into(), key.clone());
    let mut lease = lease.of(tags, life, None);
    let seized = budget.spend_refused(|within| lease.acquire(Ask::Force, within)).await;
    match seized {
        Some(seized) => Ok(matches!(seized?, Acquired::Ours { .. }).then_some(lease)),
        None => Ok(None),
    }
}

/// Stores the value if nobody has taken the lease since. Says whether it is there.
pub(super) async fn fill(
    cache: &Cache,
    key: &Key,
    mut lease: Lease,
    encoded: Encoded,
    budget: &mut Budget,
) -> Result<bool, Error> {
    let Encoded { mut bytes, life, own_tags } = encoded;
    if lease.has_own_tags() {
        let tagged = budget.spend_refused(|within| lease.tag(&own_tags, life, within)).await;
        if !matches!(tagged, Some(Ok(true))) {
            return tagged.unwrap_or(Ok(false));
        }
    }
    lease.seal(None, &mut bytes)?;
    let reconnects = cache.store().reconnects();
    let filled = budget.spend_refused(|within| lease.settle(Act::Fill(&bytes, life), within)).await;
    let Some(filled) = filled else { return Ok(false) };
    if filled == Ok(true) {
        // A flight that began under the lease has perhaps read what was about to change.
        cache.flights().forget(key.into());
        cache.remember(std::slice::from_ref(key), reconnects);
    }
    filled
}
