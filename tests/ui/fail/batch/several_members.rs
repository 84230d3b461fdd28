//! Two names of the key are no arguments.

use cache_runtime::redis_cache;
use std::collections::HashMap;

#[redis_cache(batch = "ids", key = "org:{orgg}:user:{id}")]
async fn users(org: u64, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, org)).collect()
}

#[redis_cache(batch = "id in ids", key = "org:{orgg}:user:{id}")]
async fn said(org: u64, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, org)).collect()
}

#[redis_cache(batch = "org in ids", key = "org:{org}")]
async fn twice(org: u64, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, org)).collect()
}

fn main() {}
