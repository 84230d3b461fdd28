use cache_runtime::redis_cache;

#[redis_cache(ttl = 5, ttl_with = life)]
async fn user(id: u64) -> u64 {
    id
}

fn life(_: &u64) -> std::time::Duration {
    std::time::Duration::from_secs(1)
}

fn main() {}
