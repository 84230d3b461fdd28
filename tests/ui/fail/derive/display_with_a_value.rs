use cache_runtime::CacheKey;

#[derive(CacheKey)]
struct Query(#[cache_key(display = true)] f64, #[cache_key(skip => yes)] u64);

fn main() {}
