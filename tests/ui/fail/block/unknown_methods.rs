use cache_runtime::{redis_cache, redis_invalidate, redis_put};

#[async_trait::async_trait]
trait Find {
    async fn find(&self, id: u64) -> u64;
    async fn count(&self) -> u64;
    async fn named(&self, name: &str) -> u64;
    async fn misspelt(&self, id: u64) -> u64;
    async fn not_cached(&self, id: u64) -> u64;
    async fn without_self(&self, id: u64) -> u64;
    async fn unlike(&self, id: u64) -> u64;
}

struct Db(u64);

#[redis_cache]
#[async_trait::async_trait]
impl Find for Db {
    #[redis_cache(key = "user:{self.0}:{id}")]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    async fn count(&self) -> u64 {
        0
    }

    #[redis_cache(key = "user:named:{name}")]
    async fn named(&self, name: &str) -> u64 {
        name.len() as u64
    }

    #[redis_invalidate(self.fnd(id))]
    async fn misspelt(&self, id: u64) -> u64 {
        id
    }

    #[redis_put(self.count())]
    async fn not_cached(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(self.named("x"))]
    async fn without_self(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(self.orders(id))]
    async fn unlike(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
