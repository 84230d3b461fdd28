use cache_runtime::redis_cache;

trait Find {
    async fn user(&self, id: u64) -> u64;
}

struct Db;

impl Find for Db {
    #[redis_cache(ttl = 5, skip(self))]
    async fn user(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
