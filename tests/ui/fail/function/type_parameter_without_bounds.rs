use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "user:{T}:{id}")]
async fn get<T: Default>(id: u64) -> Option<T> {
    (id > 0).then(T::default)
}

fn main() {
    drop(get::<u64>(1));
}
