use cache_runtime::redis_cache;

struct Repo<A, const N: usize>(A);

impl<A, const N: usize> Repo<A, N> {
    #[redis_cache(key = "user:{A}:{N}:{id}")]
    async fn user(&self, id: u64) -> u64 {
        id
    }

    #[redis_cache(key = "all:{A}:{a}")]
    async fn all(a: u64) -> u64 {
        a
    }
}

fn main() {}
