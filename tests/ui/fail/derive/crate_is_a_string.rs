use cache_runtime::CacheKey;

#[derive(CacheKey)]
#[cache_key(crate = "cache_runtime")]
struct Query {
    text: String,
}

fn main() {}
