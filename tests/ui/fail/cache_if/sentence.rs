use cache_runtime::redis_cache;

#[redis_cache(cache_if = "is good?")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
