//! The argument is no list that could be shortened.

use cache_runtime::redis_cache;
use std::collections::{BTreeSet, HashMap};

#[redis_cache(batch = "ids", key = "user:{id}")]
async fn users(ids: &BTreeSet<u64>) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cache(batch = "ids", key = "user:{id}")]
async fn pattern((ids, org): (Vec<u64>, u64)) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, org)).collect()
}

fn main() {}
