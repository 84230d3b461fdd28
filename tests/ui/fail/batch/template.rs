//! A mistake in the template is that one mistake.

use cache_runtime::redis_cache;
use std::collections::HashMap;

#[redis_cache(batch = "ids", key = "user:{id")]
async fn brace(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cache(batch = "ids", key = "user:{id:upside_down}")]
async fn transform(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

fn main() {}
