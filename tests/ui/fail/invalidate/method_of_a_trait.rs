use cache_runtime::{redis_cache, redis_invalidate, redis_put};

#[async_trait::async_trait]
trait Find {
    async fn find(&self, id: u64) -> u64;
    async fn save(&self, id: u64) -> u64;
    async fn put(&self, id: u64) -> u64;
    async fn by_type(&self, id: u64) -> u64;
}

struct Db;

#[async_trait::async_trait]
impl Find for Db {
    #[redis_cache(ttl = 5, key = "user:{id}")]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(self.find(id))]
    async fn save(&self, id: u64) -> u64 {
        id
    }

    #[redis_put(self.find(id))]
    async fn put(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(Self::find(id))]
    async fn by_type(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
