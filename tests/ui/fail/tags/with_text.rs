use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}", tags_with = "tags_of")]
async fn f(id: u64) -> u64 {
    id
}

#[redis_cache(ttl = 60, key = "b:{id}", tags_with = ["b:{id}"])]
async fn g(id: u64) -> u64 {
    id
}

fn main() {}
