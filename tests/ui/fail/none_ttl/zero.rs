use cache_runtime::redis_cache;

#[redis_cache(none_ttl = 0)]
async fn user(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
