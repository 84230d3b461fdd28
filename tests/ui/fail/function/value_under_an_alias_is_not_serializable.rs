use cache_runtime::redis_cache;

#[redis_cache(key = "user:{id}", cache_if = |_| true)]
async fn user(id: u64) -> std::io::Result<Option<User>> {
    Ok(Some(User { id }))
}

struct User {
    #[allow(dead_code)]
    id: u64,
}

fn main() {}
