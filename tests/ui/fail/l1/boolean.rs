use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}", l1 = true)]
async fn f(id: u64) -> u64 {
    id
}

#[redis_cache(ttl = 60, key = "b:{id}", l1 = false)]
async fn g(id: u64) -> u64 {
    id
}

fn main() {}
