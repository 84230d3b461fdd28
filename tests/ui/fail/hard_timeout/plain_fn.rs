use cache_runtime::{TimedOut, redis_cache};

#[redis_cache(ttl = 60, key = "a:{id}", hard_timeout = 2)]
fn f(id: u64) -> Result<u64, TimedOut> {
    Ok(id)
}

fn main() {}
