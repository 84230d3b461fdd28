use cache_runtime::redis_cache;

#[redis_cache(key = "user:{id}", err_ttl = "5s")]
async fn user(id: u64) -> Result<u64, std::io::Error> {
    Ok(id)
}

fn main() {
    drop(user(1));
}
