use cache_runtime::redis_cache;

struct Settings {
    seconds: u64,
}

#[redis_cache(ttl = settings.seconds * 2, key = "user:{id}")]
async fn user(settings: &Settings, id: u64) -> u64 {
    let _ = settings;
    id
}

fn main() {}
