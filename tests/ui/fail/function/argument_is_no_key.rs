use cache_runtime::redis_cache;

#[redis_cache(ttl = 5)]
async fn user(db: &Db, id: u64) -> u64 {
    let _ = db;
    id
}

struct Db;

fn main() {}
