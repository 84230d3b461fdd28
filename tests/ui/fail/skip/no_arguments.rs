use cache_runtime::redis_cache;

#[redis_cache(skip(id))]
async fn users() -> u64 {
    5
}

fn main() {}
