use cache_runtime::redis_cache;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
struct Counted {
    times: Cell<u64>,
}

#[redis_cache(ttl = 60, key = "counted:{id}", l1 = "10s")]
async fn counted(id: u64) -> Arc<Counted> {
    Arc::new(Counted { times: Cell::new(id) })
}

fn main() {}
