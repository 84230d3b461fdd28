use cache_runtime::redis_cache;

#[redis_cache(key = "user:{id:hsh}")]
async fn user(id: u64, name: String) -> u64 {
    let _ = name;
    id
}

fn main() {}
