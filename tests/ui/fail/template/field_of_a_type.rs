use cache_runtime::redis_cache;

#[redis_cache(key = "user:{T.id}")]
async fn user<T>() -> u64 {
    5
}

fn main() {}
