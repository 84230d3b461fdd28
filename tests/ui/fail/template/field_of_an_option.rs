use cache_runtime::redis_cache;

struct User {
    id: u64,
}

#[redis_cache(key = "user:{user.id}")]
async fn user(user: Option<User>) -> u64 {
    user.map_or(0, |user| user.id)
}

#[redis_cache(key = "user:{user.id:hash}")]
async fn borrowed(user: &Option<User>) -> u64 {
    user.as_ref().map_or(0, |user| user.id)
}

fn main() {}
