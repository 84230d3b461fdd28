use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}", stale_if_error = 60, soft_timeout = 0.2)]
async fn f(id: u64) -> u64 {
    id
}

fn main() {}
