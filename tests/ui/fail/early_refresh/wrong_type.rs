use cache_runtime::redis_cache;

const BETA: u64 = 2;

#[redis_cache(ttl = 60, key = "a:{id}", early_refresh = 2 + BETA)]
async fn f(id: u64) -> u64 {
    id
}

fn main() {}
