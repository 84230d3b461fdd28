use cache_runtime::redis_cache;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Debug, Serialize, Deserialize)]
struct User(u64);

#[redis_cache(batch = "ids", key = "a:{id}", l1 = "10s")]
async fn users(ids: &[u64]) -> HashMap<u64, User> {
    ids.iter().map(|id| (*id, User(*id))).collect()
}

fn main() {}
