use cache_runtime::{Cache, redis_cache};

trait Users {
    async fn count() -> u64;
    async fn find(&self, id: u64) -> u64;
}

struct Sql {
    cache: Cache,
}

#[redis_cache(ttl = 60, cache = self.cache)]
impl Users for Sql {
    #[redis_cache(key = "users")]
    async fn count() -> u64 {
        0
    }

    #[redis_cache(key = "user:{id}")]
    async fn find(&self, id: u64) -> u64 {
        id
    }
}

impl Sql {
    #[redis_cache(ttl = 60, key = "total:{id}", cache = self.cache, when = self.cache.is_enabled())]
    async fn total(id: u64) -> u64 {
        id
    }
}

fn main() {}
