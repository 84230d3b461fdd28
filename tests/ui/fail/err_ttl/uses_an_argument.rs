use cache_runtime::redis_cache;

#[redis_cache(key = "user:{id}", err_ttl = std::time::Duration::from_secs(id))]
async fn user(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {
    drop(user(1));
}
