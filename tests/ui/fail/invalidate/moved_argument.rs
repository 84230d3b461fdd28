use cache_runtime::{redis_cache, redis_invalidate};

#[redis_cache(key = "user:{name}")]
async fn get_user(name: String) -> String {
    name
}

#[redis_invalidate(get_user(name))]
async fn update(name: String) -> String {
    name
}

fn main() {
    drop(update(String::new()));
    drop(get_user(String::new()));
}
