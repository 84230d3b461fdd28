use cache_runtime::{redis_cache, redis_invalidate};
use std::future::Future;
use std::pin::Pin;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[redis_cache(key = "user:{id}")]
async fn user(id: u64) -> BoxFuture<'static, u64> {
    Box::pin(async move { id })
}

#[redis_cache(key = "order:{id}")]
async fn order(id: u64) -> impl Future<Output = u64> {
    async move { id }
}

#[redis_invalidate(keys = ["order:{id}"])]
async fn save(id: u64) -> Pin<Box<dyn Future<Output = u64>>> {
    Box::pin(async move { id })
}

fn main() {}
