//! The values are what is stored.

use cache_runtime::redis_cache;
use std::collections::HashMap;

struct User;

#[redis_cache(batch = "ids", key = "user:{id}")]
async fn users(ids: &[u64]) -> Result<HashMap<u64, User>, String> {
    Ok(ids.iter().map(|id| (*id, User)).collect())
}

fn main() {}
