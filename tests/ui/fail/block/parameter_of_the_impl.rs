use cache_runtime::{redis_cache, redis_invalidate};

trait Items {
    async fn item(&self, id: u64) -> u64;
    async fn count(&self) -> u64;
    async fn save(&self, id: u64) -> u64;
}

struct Sql<D>(D);

#[redis_cache(ttl = 60)]
impl<D: Send + Sync> Items for Sql<D> {
    #[redis_cache(key = "item:{id}")]
    async fn item(&self, id: u64) -> u64 {
        id
    }

    #[redis_cache(key = "items", skip(Self))]
    async fn count(&self) -> u64 {
        0
    }

    #[redis_invalidate(Self::item(id))]
    async fn save(&self, id: u64) -> u64 {
        id
    }
}

struct Sized<'s, T, const N: usize>(&'s T);

#[redis_cache]
impl<'s, T, const N: usize> Sized<'s, T, N> {
    #[redis_cache(key = "sized:{id}")]
    async fn sized(&self, id: u64) -> u64 {
        id
    }

    #[redis_cache]
    async fn default(id: u64) -> u64 {
        id
    }
}

#[redis_cache]
#[async_trait::async_trait]
trait Defaulted: Sync {
    #[redis_cache(key = "defaulted:{id}")]
    async fn defaulted(&self, id: u64) -> u64 {
        id
    }
}

#[redis_cache]
impl<'s> Sized<'s, u8, 1> {
    #[redis_cache(key = "one:{id}")]
    async fn one(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    let _ = Sql::<u8>::item_entry(1);
}
