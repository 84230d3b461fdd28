//! A member is compared with those that the body returns.

use cache_runtime::{CacheKey, redis_cache};

#[derive(CacheKey)]
struct Id(u64);

#[redis_cache(batch = "ids", key = "user:{id}")]
async fn users(ids: &[Id]) -> Vec<(Id, u64)> {
    ids.iter().map(|id| (Id(id.0), id.0)).collect()
}

fn main() {}
