use cache_runtime::redis_cache;

#[redis_cache(ttl = 5)]
async fn user(id: u64) -> impl std::fmt::Display {
    id
}

fn main() {}
