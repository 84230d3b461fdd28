//! An argument that is taken by value is cloned, since the body may run twice.

use cache_runtime::redis_cache;
use std::collections::HashMap;

struct Db;

#[redis_cache(batch = "ids", key = "user:{id}")]
async fn users(db: Db, ids: &[u64]) -> HashMap<u64, u64> {
    let _ = &db;
    ids.iter().map(|id| (*id, *id)).collect()
}

fn main() {}
