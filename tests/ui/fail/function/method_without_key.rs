use cache_runtime::redis_cache;

struct Db;

impl Db {
    #[redis_cache(ttl = 5)]
    async fn user(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
