use cache_runtime::redis_cache;

#[redis_cache(warm = 9, ttl = 5)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
