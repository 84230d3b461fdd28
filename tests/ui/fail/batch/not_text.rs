//! The list is named by a text.

use cache_runtime::redis_cache;
use std::collections::HashMap;

#[redis_cache(batch = ids, key = "a:{id}")]
async fn a(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cache(batch = "id of ids", key = "b:{id}")]
async fn b(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cache(batch, key = "c:{id}")]
async fn c(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

fn main() {}
