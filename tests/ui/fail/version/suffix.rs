use cache_runtime::redis_cache;

#[redis_cache(version = 2u8)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
