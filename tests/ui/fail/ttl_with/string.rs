use cache_runtime::redis_cache;

#[redis_cache(ttl_with = "life")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
