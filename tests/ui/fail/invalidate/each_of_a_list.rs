//! A call names one entry, and a list has many.

use cache_runtime::{redis_cache, redis_invalidate, redis_put};

#[redis_cache(ttl = 60, key = "user:{id}")]
async fn get_user(id: u64) -> u64 {
    id
}

#[redis_invalidate(get_user(id) for id in ids)]
async fn by_comprehension(ids: Vec<u64>) {
    drop(ids);
}

#[redis_invalidate(ids.iter().map(get_user))]
async fn by_map(ids: Vec<u64>) {
    drop(ids);
}

#[redis_invalidate(ids.iter().copied().for_each(|id| get_user(id)))]
async fn by_closure(ids: Vec<u64>) {
    drop(ids);
}

#[redis_invalidate(for id in ids { get_user(id) })]
async fn by_loop(ids: Vec<u64>) {
    drop(ids);
}

#[redis_put(ids.into_iter().map(get_user))]
async fn put(ids: Vec<u64>) -> u64 {
    ids.len() as u64
}

#[redis_invalidate(get_user(id) if id > 7)]
async fn on_condition(id: u64) {
    drop(id.to_string());
}

fn main() {
    drop(get_user(1));
}
