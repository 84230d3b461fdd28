use cache_runtime::{redis_cache, redis_invalidate};

struct Db;

#[redis_cache(key = "user:{id}")]
async fn get_user(_db: &Db, id: u64) -> u64 {
    id
}

#[redis_invalidate(get_user(db, id))]
async fn update(db: &Db, id: u64) -> u64 {
    let _ = db;
    id
}

fn main() {
    drop(update(&Db, 1));
    drop(get_user(&Db, 1));
}
