use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}", early_refresh)]
async fn f(id: u64, log: &mut Vec<u64>) -> u64 {
    log.push(id);
    id
}

fn main() {}
