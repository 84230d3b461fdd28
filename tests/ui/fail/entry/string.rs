use cache_runtime::redis_cache;

#[redis_cache(entry = "no")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
