use cache_runtime::{redis_cache, redis_invalidate};
use std::pin::Pin;

type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

#[redis_cache(key = "user:{id}")]
async fn user(id: u64) -> u64 {
    id
}

#[redis_invalidate(user(id))]
fn rename(id: u64) -> Answer<u64> {
    Box::pin(async move { id })
}

fn main() {}
