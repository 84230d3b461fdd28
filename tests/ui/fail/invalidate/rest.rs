use cache_runtime::{redis_cache, redis_invalidate};

struct Db(u64);

impl Db {
    #[redis_cache(key = "list:{self.0}:{tenant}:{page}")]
    async fn list(&self, tenant: u64, page: u64) -> u64 {
        tenant + page
    }

    #[redis_invalidate(self.list(tenant, ..))]
    async fn save(&self, tenant: u64) -> u64 {
        tenant
    }
}

fn main() {}
