use cache_runtime::redis_cache;

#[redis_cache(key = "user:{name:display}")]
async fn user(name: impl std::fmt::Display) -> String {
    name.to_string()
}

fn main() {}
