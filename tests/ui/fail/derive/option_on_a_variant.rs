use cache_runtime::CacheKey;

#[derive(CacheKey)]
enum Order {
    #[cache_key(skip)]
    Ascending,
    Descending,
}

fn main() {}
