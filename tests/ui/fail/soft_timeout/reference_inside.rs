use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}", stale_if_error = 60, soft_timeout = 1)]
async fn f(id: u64, name: Option<&str>) -> u64 {
    id + name.map_or(0, |name| name.len() as u64)
}

fn main() {}
