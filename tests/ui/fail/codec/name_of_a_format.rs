use cache_runtime::redis_cache;

#[redis_cache(codec = "msgpack")]
async fn user(id: u64) -> u64 {
    id
}

#[redis_cache(codec = "Postcard")]
async fn order(id: u64) -> u64 {
    id
}

#[redis_cache(codec = "bincode")]
async fn item(id: u64) -> u64 {
    id
}

fn main() {}
