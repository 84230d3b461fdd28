use cache_runtime::redis_cache;

trait Find {
    async fn find(&self, id: u64) -> u64;
}

struct Db;

use std::sync::Arc;

#[redis_cache(ttl = 5)]
impl Find for Arc<Db> {
    #[redis_cache(key = "user:{id}")]
    async fn find(&self, id: u64) -> u64 {
        id
    }
}

#[redis_cache(ttl = 5)]
impl<T: Sync> Find for &T {
    #[redis_cache(key = "other:{Self}:{id}")]
    async fn find(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
