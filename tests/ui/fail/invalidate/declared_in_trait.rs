use cache_runtime::redis_invalidate;

trait Repo {
    #[redis_invalidate(keys = ["user"])]
    async fn update(&self);
}

fn main() {}
