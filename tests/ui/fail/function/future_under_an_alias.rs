use cache_runtime::redis_cache;
use std::future::{Ready, ready};
use std::pin::Pin;

type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

#[redis_cache]
fn user(id: u64) -> Answer<u64> {
    Box::pin(async move { id })
}

#[redis_cache(ttl = 60, key = "name:{id}", cache_if = |name| !name.is_empty())]
fn name(id: u64) -> Ready<String> {
    ready(id.to_string())
}

fn main() {}
