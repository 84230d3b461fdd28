use cache_runtime::{redis_cache, redis_invalidate};

struct Repo;

impl Repo {
    #[redis_cache(key = "user:{id}", skip(Self))]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(self.find(*result))]
    async fn update(&mut self, id: u64) -> u64 {
        id
    }
}

fn main() {
    drop(Repo.update(1));
}
