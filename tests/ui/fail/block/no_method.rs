use cache_runtime::redis_cache;

trait Find {
    async fn find(&self, id: u64) -> u64;
}

struct Db;

#[redis_cache(ttl = 5)]
impl Find for Db {
    async fn find(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
