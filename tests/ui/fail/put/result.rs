use cache_runtime::{redis_cache, redis_put};

#[redis_cache(key = "user:{id}")]
async fn get_user(id: u64) -> u64 {
    id
}

#[redis_put(get_user(*result))]
async fn update(id: u64) -> u64 {
    id
}

fn main() {
    drop(update(1));
}
