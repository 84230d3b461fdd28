use cache_runtime::redis_cache;

trait Get<K> {
    async fn get(&self, id: u64) -> u64;
}

struct Db;

#[redis_cache]
impl<K: Sync> Get<K> for Db {
    #[redis_cache(key = "got:{Self}:{id}", entry = false)]
    async fn get(&self, id: u64) -> u64 {
        id
    }
}

trait Find<K> {
    async fn find(&self, id: u64) -> u64;
}

#[redis_cache]
impl<K: Sync> Find<K> for Db {
    #[redis_cache(key = "found:{id}", entry = false, skip(Self))]
    async fn find(&self, id: u64) -> u64 {
        id
    }
}

#[redis_cache]
trait Default<K> {
    #[redis_cache(key = "default:{Self}:{id}")]
    async fn default(&self, id: u64) -> u64 {
        id
    }
}

struct Of<T>(T);

#[redis_cache]
impl<K: Iterator<Item: Sync> + Sync> Get<K> for Of<K::Item> {
    #[redis_cache(key = "got:{Self}:{id}", entry = false)]
    async fn get(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
