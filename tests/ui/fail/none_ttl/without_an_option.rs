use cache_runtime::redis_cache;

#[redis_cache(key = "age:{id}", none_ttl = 5)]
async fn age(id: u64) -> u64 {
    id
}

fn main() {}
