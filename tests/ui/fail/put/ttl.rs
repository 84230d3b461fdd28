use cache_runtime::{redis_cache, redis_put};

#[redis_cache(key = "user:{id}")]
async fn get_user(id: u64) -> Result<String, std::io::Error> {
    Ok(id.to_string())
}

#[redis_put(get_user(id), ttl = 60)]
async fn update(id: u64) -> String {
    id.to_string()
}

fn main() {}
