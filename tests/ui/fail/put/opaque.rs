use cache_runtime::{redis_cache, redis_put};

#[redis_cache(key = "user:{id}")]
async fn get_user(id: u64) -> Result<String, std::io::Error> {
    Ok(id.to_string())
}

#[redis_put(get_user(id))]
async fn update(id: u64) -> impl Iterator<Item = u64> {
    std::iter::once(id)
}

fn main() {}
