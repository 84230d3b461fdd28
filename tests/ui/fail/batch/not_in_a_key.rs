//! A member is a part of the key.

use cache_runtime::redis_cache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Id(u64);

#[redis_cache(batch = "ids", key = "user:{id}")]
async fn users(ids: &[Id]) -> Vec<(Id, u64)> {
    ids.iter().map(|id| (id.clone(), id.0)).collect()
}

fn main() {}
