use cache_runtime::redis_cache;
use std::collections::HashMap;

#[redis_cache(key = "user:{id}", batch = "ids", tags = ["user:{idd}", "users:{ids}"])]
async fn users(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cache(key = "user:{id}", batch = "idds", tags = ["user:{id}"])]
async fn of_an_unknown_list(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cache(key = "user:{id}", batch = "ids", tags = ["user:{id.name}"])]
async fn of_no_such_field(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

fn main() {}
