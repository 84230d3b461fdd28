use cache_runtime::redis_cache;

#[redis_cache(
    cache_none = true,
    swr = "30s",
    TimeToLive = 5,
    timeout = 5,
    invalidate = "users",
    key_prefix = "user",
    convert = r#"{ id }"#,
    result = true,
    option = true,
    sync_writes = "by_key",
    size = 100,
    time = 60,
    refresh = true,
    map_error = r##"|e| e"##,
    with_cached_flag = true,
    redis = true,
    unless = "id == 0",
    SharedCache,
    cache_put,
)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
