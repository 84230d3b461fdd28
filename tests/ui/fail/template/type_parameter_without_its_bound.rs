//! The parameter has to be in the key, and so has an argument of it, which needs a bound for that.

use cache_runtime::{CacheKey, redis_cache};

#[redis_cache(ttl = 60, key = "user:{id}")]
async fn no_bound<K: ToString>(id: K) -> String {
    id.to_string()
}

#[redis_cache(ttl = 60, key = "user:{id}")]
async fn behind_a_reference<K>(id: &K) -> String
where
    K: ToString,
{
    id.to_string()
}

#[redis_cache(ttl = 60, key = "user:{id}")]
async fn with_it<K: ToString>(id: K) -> String
where
    K: CacheKey,
{
    id.to_string()
}

#[redis_cache(ttl = 60, key = "user:{id:display}")]
async fn displayed<K: ToString + std::fmt::Display>(id: K) -> String {
    id.to_string()
}

fn main() {}
