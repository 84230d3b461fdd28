use cache_runtime::{redis_cache, redis_invalidate};

#[redis_cache(key = "user:{id}")]
async fn get_user(id: u64) -> u64 {
    id
}

struct User {
    id: u64,
}

#[redis_invalidate(get_user(result.ident), keys = ["user:{result.name}"])]
async fn update(id: u64) -> Result<User, String> {
    Ok(User { id })
}

fn main() {
    drop(update(1));
}
