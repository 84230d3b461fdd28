use cache_runtime::redis_invalidate;

struct Repo;

#[redis_invalidate(keys = ["user"])]
impl Repo {
    async fn update(&self) {}
}

fn main() {
    drop(Repo.update());
}
