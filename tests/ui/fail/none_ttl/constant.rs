use cache_runtime::redis_cache;

const LIFE: u64 = 60;

#[redis_cache(none_ttl = LIFE)]
async fn user(id: u64) -> Result<Option<u64>, String> {
    Ok(Some(id))
}

fn main() {}
