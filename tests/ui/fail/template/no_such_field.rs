use cache_runtime::redis_cache;

#[redis_cache(key = "user:{user.idd}")]
async fn user(user: User) -> u64 {
    user.id
}

struct User {
    id: u64,
}

fn main() {}
