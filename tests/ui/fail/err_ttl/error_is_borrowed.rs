use cache_runtime::redis_cache;

#[redis_cache(key = "user:{id}", err_ttl = "5s")]
async fn user(id: u64) -> Result<u64, &'static str> {
    Ok(id)
}

#[redis_cache(key = "name:{id}", err_ttl = "5s")]
async fn name(id: u64) -> Result<u64, Vec<&'static str>> {
    Ok(id)
}

// An error that is not stored may be borrowed.
#[redis_cache(key = "age:{id}")]
async fn age(id: u64) -> Result<u64, &'static str> {
    Ok(id)
}

fn main() {}
