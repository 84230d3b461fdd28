use cache_runtime::redis_cache;

#[redis_cache(ttl = 5)]
mod users {}

fn main() {}
