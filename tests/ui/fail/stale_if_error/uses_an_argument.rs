use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}", stale_if_error = std::time::Duration::from_secs(id))]
async fn f(id: u64) -> u64 {
    id
}

fn main() {}
