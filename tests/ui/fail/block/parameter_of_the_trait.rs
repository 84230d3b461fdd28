use cache_runtime::redis_cache;

trait Find<T> {
    async fn find(&self, id: T) -> u64;
}

struct Db;

#[redis_cache(ttl = 5)]
impl<T: Into<u64> + Copy> Find<T> for Db {
    #[redis_cache(key = "all")]
    async fn find(&self, id: T) -> u64 {
        id.into()
    }
}

fn main() {}
