use cache_runtime::redis_cache;

#[redis_cache(ttl = 5)]
impl User {
    async fn user(id: u64) -> u64 {
        id
    }
}

struct User;

fn main() {}
