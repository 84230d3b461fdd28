use cache_runtime::CacheKey;

#[derive(CacheKey)]
struct Query {
    text: String,
    #[cache_key(display)]
    db: Db,
}

struct Db;

fn main() {}
