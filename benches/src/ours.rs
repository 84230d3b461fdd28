//! The same by the attribute.

use crate::setup::{DISABLED, MEMORY, REFUSED, User};
use cache_runtime::redis_cache;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// An error, as functions that are worth caching have one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failed;

#[redis_cache(ttl = 300, key = "user:{id}")]
pub(crate) async fn user(id: u64) -> Result<User, Failed> {
    Ok(User::new(id))
}

/// The same values, by one call.
#[redis_cache(ttl = 300, key = "user:{id}", batch = "ids")]
pub(crate) async fn users(ids: &[u64]) -> Result<HashMap<u64, User>, Failed> {
    Ok(ids.iter().map(|id| (*id, User::new(*id))).collect())
}

#[redis_cache(ttl = 300, key = "ours:{id}")]
pub(crate) async fn miss(id: u64) -> Result<User, Failed> {
    Ok(User::new(id))
}

#[redis_cache(ttl = 300, key = "verified:{id}", cache = MEMORY)]
pub(crate) async fn verified(id: u64) -> Result<User, Failed> {
    Ok(User::new(id))
}

#[redis_cache(ttl = 300, key = "unverified:{id}", cache = MEMORY, verify = false)]
pub(crate) async fn unverified(id: u64) -> Result<User, Failed> {
    Ok(User::new(id))
}

#[redis_cache(ttl = 300, key = "user:{id}", cache = MEMORY)]
pub(crate) async fn in_memory(id: u64) -> Result<User, Failed> {
    Ok(User::new(id))
}

/// Kept in this process.
#[redis_cache(ttl = 300, key = "shared:{id}", l1)]
pub(crate) async fn shared(id: u64) -> Arc<User> {
    Arc::new(User::new(id))
}

#[redis_cache(ttl = 300, key = "owned:{id}", l1)]
pub(crate) async fn owned(id: u64) -> Result<User, Failed> {
    Ok(User::new(id))
}

#[redis_cache(ttl = 300, key = "number:{id}", l1)]
pub(crate) async fn number(id: u64) -> u64 {
    id
}

#[redis_cache(ttl = 300, key = "names_:{id}", l1)]
pub(crate) async fn names(id: u64) -> Vec<String> {
    names_of(id)
}

pub(crate) fn names_of(id: u64) -> Vec<String> {
    (0..10).map(|n| format!("{n}{id}")).collect()
}

#[redis_cache(ttl = 300, key = "user:{id}", cache = DISABLED)]
pub(crate) async fn disabled(id: u64) -> Result<User, Failed> {
    Ok(User::new(id))
}

#[redis_cache(ttl = 300, key = "user:{id}", cache = REFUSED)]
pub(crate) async fn refused(id: u64) -> Result<User, Failed> {
    Ok(User::new(id))
}

/// How many bodies of [`slow`] ran, and when the last one ended.
pub(crate) static BODIES: AtomicU64 = AtomicU64::new(0);
pub(crate) static ENDED: Mutex<Option<Instant>> = Mutex::new(None);

#[redis_cache(ttl = 300, key = "slow:{id}")]
pub(crate) async fn slow(id: u64) -> Result<User, Failed> {
    BODIES.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(50)).await;
    *ENDED.lock().unwrap() = Some(Instant::now());
    Ok(User::new(id))
}
