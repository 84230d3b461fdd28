use cache_runtime::CacheKey;
use std::path::PathBuf;

#[derive(CacheKey)]
struct Query {
    text: String,
    file: PathBuf,
}

fn main() {}
