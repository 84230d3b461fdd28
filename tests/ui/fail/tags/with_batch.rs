use cache_runtime::redis_cache;
use std::collections::HashMap;

#[redis_cache(key = "user:{id}", batch = "ids", tags_with = |user| [("user", *user)])]
async fn users(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

fn main() {}
