use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}", stale_while_revalidate = 5, soft_timeout = "200ms")]
async fn f(id: u64) -> u64 {
    id
}

fn main() {}
