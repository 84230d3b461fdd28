use cache_runtime::{TimedOut, redis_cache};

#[redis_cache(ttl = 60, key = "a:{id}", stale_if_error = 60, soft_timeout = "2s", hard_timeout = 2)]
async fn f(id: u64) -> Result<u64, TimedOut> {
    Ok(id)
}

fn main() {}
