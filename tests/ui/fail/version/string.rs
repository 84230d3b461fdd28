use cache_runtime::redis_cache;

#[redis_cache(version = "2")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
