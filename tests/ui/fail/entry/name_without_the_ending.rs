use cache_runtime::redis_cache;

#[redis_cache(key = "user:{id}", entry = find_user)]
async fn find(id: u64) -> u64 {
    id
}

fn main() {}
