use cache_runtime::redis_cache;

struct Repo(u64);

impl Repo {
    #[redis_cache(ttl = 60, key = "a:{id}", stale_while_revalidate = 30)]
    async fn f(&self, id: u64) -> u64 {
        self.0 + id
    }
}

fn main() {}
