use cache_runtime::redis_cache;
use std::ffi::OsStr;
use std::path::PathBuf;

#[redis_cache(key = "size:{name}:{folder:hash}")]
async fn size(name: &OsStr, folder: Option<PathBuf>) -> u64 {
    let _ = (name, folder);
    0
}

fn main() {}
