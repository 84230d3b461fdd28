//! The same in a `Result`, and as what can be seen to be none.

use cache_runtime::redis_cache;

#[redis_cache(batch = "ids", key = "user:{id}", none_ttl = 5)]
async fn first(ids: &[u64]) -> Result<Option<u64>, String> {
    Ok(ids.first().copied())
}

#[redis_cache(batch = "ids", key = "user:{id}")]
async fn tuple(ids: &[u64]) -> (u64, u64) {
    (ids[0], ids[0])
}

fn main() {}
