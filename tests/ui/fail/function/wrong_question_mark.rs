use cache_runtime::redis_cache;

#[redis_cache(ttl = 5)]
async fn user(id: u64) -> Result<u64, String> {
    let more: u64 = "5".parse()?;
    Ok(id + more)
}

fn main() {}
