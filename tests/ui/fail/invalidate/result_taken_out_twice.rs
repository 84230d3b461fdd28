use cache_runtime::{redis_cache, redis_invalidate};

#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct User {
    id: u64,
}

#[redis_cache(ttl = 60, key = "user:{id}")]
async fn user(id: u64) -> Option<User> {
    Some(User { id })
}

#[redis_invalidate(user(result.unwrap().id))]
async fn rename(id: u64) -> Result<User, String> {
    Ok(User { id })
}

#[redis_invalidate(user(result?.id))]
async fn remove(id: u64) -> Option<User> {
    Some(User { id })
}

fn main() {}
