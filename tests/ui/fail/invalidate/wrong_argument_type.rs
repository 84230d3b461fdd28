use cache_runtime::{redis_cache, redis_invalidate};

#[redis_cache(key = "user:{id}")]
async fn get_user(id: u64) -> u64 {
    id
}

#[redis_invalidate(get_user(name))]
async fn update(name: &str) -> usize {
    name.len()
}

fn main() {
    drop(update(""));
    drop(get_user(1));
}
