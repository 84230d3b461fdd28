use cache_runtime::redis_cache;

struct Db;

#[redis_cache(ttl = 60, key = "a:{id}", stale_while_revalidate = 30)]
async fn f(id: u64, db: &Db) -> u64 {
    let _db: &Db = db;
    id
}

fn main() {}
