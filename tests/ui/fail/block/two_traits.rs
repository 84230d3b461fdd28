use cache_runtime::redis_cache;

trait Find {
    async fn find(&self, id: u64) -> u64;
}

struct Db;

trait Search {
    async fn find(&self, name: &str) -> u64;
}

#[redis_cache]
impl Find for Db {
    #[redis_cache(key = "user:{id}")]
    async fn find(&self, id: u64) -> u64 {
        id
    }
}

#[redis_cache]
impl Search for Db {
    #[redis_cache(key = "user:named:{name}")]
    async fn find(&self, name: &str) -> u64 {
        name.len() as u64
    }
}

fn main() {}
