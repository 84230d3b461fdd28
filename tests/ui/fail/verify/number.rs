use cache_runtime::redis_cache;

#[redis_cache(verify = 0)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
