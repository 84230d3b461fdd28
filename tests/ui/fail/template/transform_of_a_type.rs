use cache_runtime::redis_cache;

#[redis_cache(key = "user:{T:hash}")]
async fn user<T>() -> u64 {
    5
}

fn main() {}
