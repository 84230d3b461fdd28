use cache_runtime::redis_cache;

#[redis_cache(key = "user:{id}", err_ttl = "5s")]
async fn user(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {
    drop(user(1));
}
