use cache_runtime::redis_cache;

struct Items<D> {
    db: D,
    tenant: u32,
}

#[redis_cache(ttl = 60)]
impl<D: Fn(u64) -> u64> Items<D> {
    #[redis_cache(key = "item:{D}:{self.tenant}:{id}")]
    async fn find(&self, id: u64) -> u64 {
        (self.db)(id)
    }
}

fn main() {}
