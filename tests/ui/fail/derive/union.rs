use cache_runtime::CacheKey;

#[derive(CacheKey)]
union Id {
    a: u64,
    b: i64,
}

fn main() {}
