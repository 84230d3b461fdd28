use cache_runtime::redis_cache;

#[async_trait::async_trait]
trait Find {
    async fn find(&self, pair: (u64, u64)) -> u64;
}

struct Db;

#[async_trait::async_trait]
impl Find for Db {
    #[redis_cache(key = "pair:{a}")]
    async fn find(&self, (a, b): (u64, u64)) -> u64 {
        a + b
    }
}

fn main() {}
