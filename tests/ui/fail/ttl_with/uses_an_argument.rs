use cache_runtime::redis_cache;

#[redis_cache(ttl_with = |_| std::time::Duration::from_secs(id))]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
