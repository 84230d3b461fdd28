use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "user:{id}", codec = Msgpack)]
async fn get_user(id: u64) -> u64 {
    id
}

fn main() {
    drop(get_user(1));
}
