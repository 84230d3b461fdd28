use cache_runtime::{redis_cache, redis_invalidate};

#[redis_cache(key = "user:{id}")]
async fn get_user(id: u64) -> u64 {
    id
}

#[redis_invalidate(get_user(*result))]
async fn update(id: u64) -> impl Send {
    id
}

fn main() {
    drop(update(1));
}
