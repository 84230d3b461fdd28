use cache_runtime::redis_cache;

#[async_trait::async_trait]
trait Find {
    async fn find(&self, id: u64) -> u64;
}

#[derive(Clone)]
struct Repo(u64);

#[async_trait::async_trait]
impl Find for Repo {
    #[redis_cache(ttl = 60, key = "a:{id}", stale_while_revalidate = 30)]
    async fn find(&self, id: u64) -> u64 {
        self.0 + id
    }
}

fn main() {}
