use cache_runtime::redis_cache;

trait Find {
    #[redis_cache(ttl = 5)]
    async fn user(&self, id: u64) -> u64;
}

fn main() {}
