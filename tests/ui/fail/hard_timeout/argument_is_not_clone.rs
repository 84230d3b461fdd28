use cache_runtime::redis_cache;

struct Db;

#[redis_cache(ttl = 60, key = "a:{id}", hard_timeout = 2)]
async fn f(id: u64, db: &Db) -> Result<u64, cache_runtime::TimedOut> {
    let _db: &Db = db;
    Ok(id)
}

fn main() {}
