use cache_runtime::redis_cache;
use std::collections::HashMap;

#[redis_cache(batch = "ids", key = "a:{id}", when = id > 7)]
async fn of_a_member(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cache(batch = "ids", key = "a:{id}", when = ids.len())]
async fn no_bool(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cache(batch = "ids", key = "a:{id}", err_ttl = 5)]
async fn of_the_whole(ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
    Ok(ids.iter().map(|id| (*id, *id)).collect())
}

#[redis_cache(batch = "ids", key = "a:{id}", err_ttl = 5)]
async fn of_values(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

#[redis_cache(batch = "ids", key = "a:{id}", none_ttl = 5)]
async fn without_none(ids: &[u64]) -> HashMap<u64, Result<u64, String>> {
    ids.iter().map(|id| (*id, Ok(*id))).collect()
}

type Outcome = Result<u64, String>;

#[redis_cache(batch = "ids", key = "a:{id}", none_ttl = 5)]
async fn under_another_name(ids: &[u64]) -> HashMap<u64, Outcome> {
    ids.iter().map(|id| (*id, Ok(*id))).collect()
}

fn main() {}
