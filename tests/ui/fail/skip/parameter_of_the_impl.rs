use cache_runtime::redis_cache;

struct Repo<A>(A);

impl<A> Repo<A> {
    #[redis_cache(skip(self, A))]
    async fn user(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
