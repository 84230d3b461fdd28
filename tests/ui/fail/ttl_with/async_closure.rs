use cache_runtime::redis_cache;

#[redis_cache(ttl_with = async |_| std::time::Duration::from_secs(1))]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
