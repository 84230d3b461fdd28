//! What a batch cannot do yet.

use cache_runtime::{TimedOut, redis_cache};
use std::collections::HashMap;

#[redis_cache(batch = "ids", key = "a:{id}", early_refresh, stale_while_revalidate = "1m")]
async fn in_background(db: &mut u64, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *db)).collect()
}

#[redis_cache(batch = "ids", key = "b:{id}", soft_timeout = "1s", hard_timeout = "2s")]
async fn timed(ids: &[u64]) -> Result<HashMap<u64, u64>, TimedOut> {
    Ok(ids.iter().map(|id| (*id, *id)).collect())
}

#[redis_cache(batch = "ids", key = "c:{id}", cache = &caches[ids[0] as usize])]
async fn of_the_list(caches: &[cache_runtime::Cache], ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

fn main() {}
