//! The body may run twice.

use cache_runtime::redis_cache;
use std::collections::HashMap;

#[redis_cache(batch = "ids", key = "plain:{id}")]
fn plain(ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

struct Repo(u64);

impl Repo {
    #[redis_cache(batch = "ids", key = "changed:{id}")]
    async fn changed(&mut self, ids: &[u64]) -> HashMap<u64, u64> {
        self.0 += 1;
        ids.iter().map(|id| (*id, *id)).collect()
    }

    #[redis_cache(batch = "ids", key = "consumed:{id}")]
    async fn consumed(self, ids: &[u64]) -> HashMap<u64, u64> {
        ids.iter().map(|id| (*id, self.0)).collect()
    }
}

fn main() {}
