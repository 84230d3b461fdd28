use cache_runtime::redis_cache;

trait Find {
    async fn find(&self, id: u64) -> u64;
}

struct Db;

#[redis_cache(ttl = 5)]
impl Find for Db {
    #[redis_cache(key = "user:{name}", jitter = 2)]
    async fn find(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
