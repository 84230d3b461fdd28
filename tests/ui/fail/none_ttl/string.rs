use cache_runtime::redis_cache;

#[redis_cache(none_ttl = "later")]
async fn user(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {}
