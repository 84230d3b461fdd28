//! No argument has this name.

use cache_runtime::redis_cache;
use std::collections::HashMap;

#[redis_cache(batch = "idz", key = "user:{id}")]
async fn users(org: u64, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, org)).collect()
}

fn main() {}
