use cache_runtime::{Postcard, redis_cache};

#[redis_cache(codec = Postcard)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
