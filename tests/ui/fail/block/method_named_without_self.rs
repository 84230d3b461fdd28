use cache_runtime::{redis_cache, redis_invalidate, redis_put};

trait Orders {
    async fn list(&self, page: u32) -> u32;
    async fn find(&self, id: u64) -> u64;
    async fn add(&self);
    async fn rename(&self, id: u64) -> u64;
    async fn load(id: u64);
}

struct Sql {
    tenant: u32,
}

#[redis_cache(ttl = 60)]
impl Orders for Sql {
    #[redis_cache(key = "orders:{self.tenant}:{page}")]
    async fn list(&self, page: u32) -> u32 {
        page
    }

    #[redis_cache(key = "order:{id}")]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(list(self.tenant, _))]
    async fn add(&self) {}

    #[redis_put(find(id))]
    async fn rename(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(find(id))]
    async fn load(id: u64) {
        drop(id);
    }
}

fn main() {}
