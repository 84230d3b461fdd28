use cache_runtime::redis_cache;

#[redis_cache(ttl = 5)]
struct User {
    id: u64,
}

fn main() {}
