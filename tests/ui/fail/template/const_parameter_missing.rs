use cache_runtime::redis_cache;

#[redis_cache(key = "user:{id}")]
async fn user<const N: usize>(id: u64) -> u64 {
    id
}

fn main() {}
