use cache_runtime::{redis_cache, redis_invalidate};

#[redis_cache(key = "user:{id}")]
async fn get_user(id: u64) -> u64 {
    id
}

#[redis_invalidate(get_user(*result), keys = ["users:{result}"])]
async fn update(result: u64) -> u64 {
    result
}

fn main() {
    drop(update(1));
}
