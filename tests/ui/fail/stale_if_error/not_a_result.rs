use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "user:{id}", stale_if_error = "1h")]
async fn user(id: u64) -> Option<u64> {
    Some(id)
}

type Count = u64;

#[redis_cache(ttl = 60, key = "count:{id}", stale_while_revalidate = "1m", stale_if_error = "1h")]
async fn count(id: u64) -> Count {
    id
}

fn main() {
    drop((user(1), count(1)));
}
