use cache_runtime::redis_cache;

#[redis_cache(expire = 5)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
