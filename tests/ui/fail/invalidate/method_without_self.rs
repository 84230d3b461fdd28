use cache_runtime::{redis_cache, redis_invalidate};

struct Db(u64);

impl Db {
    #[redis_cache(key = "user:{self.0}:{id}")]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(find(id))]
    async fn save(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
