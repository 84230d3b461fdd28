//! The key is of all members, or of none.

use cache_runtime::redis_cache;
use std::collections::HashMap;

#[redis_cache(batch = "ids")]
async fn without_a_key(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cache(batch = "ids", key = "org:{org}")]
async fn of_none(org: u64, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, org)).collect()
}

#[redis_cache(batch = "ids", key = "users:{ids}")]
async fn of_all(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cache(batch = "id in ids", key = "org:{org}")]
async fn said_and_not_there(org: u64, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, org)).collect()
}

fn main() {}
