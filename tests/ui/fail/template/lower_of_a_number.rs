use cache_runtime::redis_cache;

#[redis_cache(key = "user:{id:lower}")]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
