//! All that a method's attribute says stands on the `impl` instead.

use cache_runtime::redis_cache;

trait Find {
    async fn find(&self, id: u64) -> u64;
}

struct Db;

#[redis_cache(ttl = 60, key = "user:{id}")]
impl Find for Db {
    async fn find(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
