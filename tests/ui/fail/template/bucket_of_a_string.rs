use cache_runtime::redis_cache;

#[redis_cache(key = "user:{name:bucket(1h)}")]
async fn user(name: String) -> String {
    name
}

fn main() {}
