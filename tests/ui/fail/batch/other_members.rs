//! The results are by something else than the members of the list.

use cache_runtime::redis_cache;
use std::collections::HashMap;

#[redis_cache(batch = "ids", key = "user:{id}")]
async fn users(ids: &[u64]) -> HashMap<String, u64> {
    ids.iter().map(|id| (id.to_string(), *id)).collect()
}

fn main() {}
