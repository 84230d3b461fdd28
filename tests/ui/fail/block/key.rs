use cache_runtime::redis_cache;

trait Find {
    async fn find(&self, id: u64) -> u64;
}

struct Db;

#[redis_cache(ttl = "5 minutz", key = "user:{id}", skip(self))]
impl Find for Db {
    #[redis_cache(key = "user:{id}", skip(Self))]
    async fn find(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    drop(Db::find_entry(1));
}
