use cache_runtime::{redis_cache, redis_invalidate};

#[redis_cache(key = "user:{id}")]
async fn get_user(id: u64) -> u64 {
    id
}

struct Db(u64);

impl Db {
    #[redis_cache(key = "user:{self.0}:{id}")]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(get_user_entry(id), self.find_entry(id))]
    async fn save(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
