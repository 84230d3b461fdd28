use cache_runtime::redis_cache;

#[redis_cache(codec => Json, key => "user:{id}", early_refresh => 1.0, crate => cache_runtime)]
async fn user(id: u64) -> u64 {
    id
}

fn main() {}
