//! What is returned does not say whose a value is.

use cache_runtime::redis_cache;

#[redis_cache(batch = "ids", key = "user:{id}")]
async fn users(ids: &[u64]) -> Vec<u64> {
    ids.to_vec()
}

fn main() {}
