use cache_runtime::{redis_cache, redis_put};

struct Repo;

impl Repo {
    #[redis_cache(key = "user:{id}")]
    async fn find(&self, id: u64) -> Option<String> {
        Some(id.to_string())
    }

    #[redis_put(Self::find(id))]
    async fn update(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
