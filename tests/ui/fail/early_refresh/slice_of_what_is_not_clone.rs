use cache_runtime::redis_cache;

struct Filter;

#[redis_cache(ttl = 60, key = "a:{id}", early_refresh)]
async fn f(id: u64, filters: &[Filter]) -> u64 {
    id + filters.len() as u64
}

fn main() {
    drop(f(1, &[]));
}
