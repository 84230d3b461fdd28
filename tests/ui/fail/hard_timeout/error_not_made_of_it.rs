use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}", hard_timeout = 2)]
async fn f(id: u64) -> std::io::Result<u64> {
    Ok(id)
}

fn main() {}
