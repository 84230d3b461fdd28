use cache_runtime::CacheKey;

#[derive(CacheKey)]
struct Query {
    text: String,
    db: Db,
}

struct Db;

fn main() {}
