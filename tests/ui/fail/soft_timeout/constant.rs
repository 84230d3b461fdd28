use cache_runtime::{TimedOut, redis_cache};

const SECONDS: u32 = 2;

#[redis_cache(stale_if_error = "1h", soft_timeout = SECONDS)]
async fn user(id: u64) -> Result<u64, TimedOut> {
    Ok(id)
}

fn main() {}
