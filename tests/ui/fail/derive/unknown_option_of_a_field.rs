use cache_runtime::CacheKey;

#[derive(CacheKey)]
struct Query {
    text: String,
    #[cache_key(skp)]
    page: u64,
}

fn main() {}
