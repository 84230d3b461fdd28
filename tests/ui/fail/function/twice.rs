use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}")]
#[redis_cache(ttl = 600, key = "b:{id}")]
async fn f(id: u64) -> u64 {
    id
}

fn main() {
    drop(f(1));
    drop(f_entry(1));
}
