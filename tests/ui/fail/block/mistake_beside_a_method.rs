use cache_runtime as renamed;
use cache_runtime::{redis_cache, redis_invalidate};

trait Find {
    async fn find(&self, id: u64) -> Result<u64, std::io::Error>;
    async fn save(&self, id: u64) -> u64;
}

#[derive(Clone)]
struct Db;

#[redis_cache(ttl = "5 minutz", stale_if_error = "1h", crate = renamed, entry = user_entry)]
impl Find for Db {
    #[redis_cache(key = "user:{id}", soft_timeout = "200ms")]
    async fn find(&self, id: u64) -> Result<u64, std::io::Error> {
        Ok(id)
    }

    #[redis_invalidate(Self::find(id))]
    async fn save(&self, id: u64) -> u64 {
        id
    }
}

#[redis_cache]
impl Find for Box<Db> {
    #[redis_cache(key = "user:{id}")]
    async fn find(&self, id: u64) -> Result<u64, std::io::Error> {
        Ok(id)
    }

    #[redis_invalidate(self.find(id), Self::find(id))]
    async fn save(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
