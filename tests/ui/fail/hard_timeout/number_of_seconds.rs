use cache_runtime::{TimedOut, redis_cache};

const SECONDS: u64 = 2;

#[redis_cache(ttl = 60, key = "a:{id}", hard_timeout = SECONDS)]
async fn f(id: u64) -> Result<u64, TimedOut> {
    Ok(id)
}

fn main() {}
