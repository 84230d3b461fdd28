use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}", tags_with = |_| [("id", id)])]
async fn f(id: u64) -> u64 {
    id
}

fn main() {}
