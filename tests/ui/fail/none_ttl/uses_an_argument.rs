use cache_runtime::redis_cache;

#[redis_cache(none_ttl = std::time::Duration::from_secs(id))]
async fn user(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
