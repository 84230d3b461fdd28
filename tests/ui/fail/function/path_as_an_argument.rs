use cache_runtime::redis_cache;
use std::path::Path;

#[redis_cache]
async fn size(file: &Path) -> u64 {
    let _ = file;
    0
}

fn main() {}
