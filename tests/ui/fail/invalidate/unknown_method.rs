use cache_runtime::redis_invalidate;

struct Repo;

impl Repo {
    #[redis_invalidate(self.find(id))]
    async fn save(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    drop(Repo.save(1));
}
