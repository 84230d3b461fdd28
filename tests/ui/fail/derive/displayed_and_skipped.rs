use cache_runtime::CacheKey;

#[derive(CacheKey)]
struct Query(#[cache_key(display, skip)] f64, u64);

fn main() {}
