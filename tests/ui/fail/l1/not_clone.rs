use cache_runtime::redis_cache;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct User {
    id: u64,
}

#[redis_cache(ttl = 60, key = "user:{id}", l1)]
async fn user(id: u64) -> Result<User, String> {
    Ok(User { id })
}

fn main() {}
