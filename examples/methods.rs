//! Methods, associated functions, a cache of one's own, and trait impls, native and `#[async_trait]`.

use cache_runtime::{Cache, redis_cache, redis_invalidate};
use std::sync::Arc;

struct Repo {
    tenant: String,
    cache: Cache,
}

impl Repo {
    /// The key says what of `self` matters; `cache = self.cache` says which cache to use.
    #[redis_cache(ttl = 60, key = "{self.tenant}:user:{id}", cache = self.cache)]
    async fn user(&self, id: u64) -> String {
        format!("user {id} of {}", self.tenant)
    }

    #[redis_cache(ttl = 60, key = "{self.tenant}:owner", cache = self.cache)]
    async fn owner(self: &Arc<Self>) -> Option<String> {
        Some(format!("owner of {}", self.tenant))
    }

    #[redis_cache(ttl = "1h", key = "tenants")]
    async fn tenants() -> Vec<String> {
        vec!["north".into(), "south".into()]
    }
}

trait Orders {
    async fn count(&self, user: u64) -> Result<u32, std::io::Error>;
    async fn order(&self, user: u64) -> Result<(), std::io::Error>;
}

// A trait's impl cannot hold companions: the attribute on all of it puts them beside it. Its options are
// those of the methods inside.
#[redis_cache(ttl = 60, cache = self.cache)]
impl Orders for Repo {
    #[redis_cache(key = "{self.tenant}:orders:{user}")]
    async fn count(&self, user: u64) -> Result<u32, std::io::Error> {
        Ok(user as u32 * 3)
    }

    #[redis_invalidate(self.count(user))]
    async fn order(&self, user: u64) -> Result<(), std::io::Error> {
        println!("user {user} of {} orders", self.tenant);
        Ok(())
    }
}

#[async_trait::async_trait]
trait Names: Send + Sync {
    async fn name(&self, id: u64) -> String;
}

#[redis_cache(ttl = 60, cache = self.cache)]
#[async_trait::async_trait]
impl Names for Repo {
    #[redis_cache(key = "{self.tenant}:name:{id}")]
    async fn name(&self, id: u64) -> String {
        format!("{}-{id}", self.tenant)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cache = cache_examples::cache()?;
    cache.install()?;
    let north = Arc::new(Repo { tenant: "north".into(), cache: cache.clone() });
    let south = Arc::new(Repo { tenant: "south".into(), cache });

    // Two tenants never see each other's values.
    for repo in [&north, &south, &north] {
        println!("{} / {:?} / {:?}", repo.user(7).await, repo.owner().await, repo.count(7).await?);
    }
    let names: Vec<Arc<dyn Names>> = vec![north.clone(), south];
    for name in names {
        println!("{}", name.name(7).await);
    }
    println!(
        "{:?}, {}",
        north.name_entry(7).get().await?,
        north.count_entry(7).get().await?.is_some()
    );
    north.order(7).await?;
    println!("{:?}", Repo::tenants().await);
    println!(
        "{} had a value: {}",
        north.user_entry(7).key()?.to_owned(),
        north.user_entry(7).invalidate().await?
    );
    Ok(())
}
