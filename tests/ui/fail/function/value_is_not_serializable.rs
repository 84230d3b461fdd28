use cache_runtime::redis_cache;

#[redis_cache(key = "user:{id}")]
async fn user(id: u64) -> Result<User, String> {
    Ok(User { id })
}

struct User {
    #[allow(dead_code)]
    id: u64,
}

fn main() {}
