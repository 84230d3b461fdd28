use cache_runtime::redis_cache;

#[redis_cache(max_size = "1.5mb")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
