//! One type that has a trait many times: `Self` is the same for all of them.

use cache_runtime::redis_cache;
use cache_tests::in_memory;
use std::any::type_name;

trait Repo<T> {
    async fn default_key(&self, id: u64) -> String;
    async fn by_template(&self, id: u64) -> String;
    async fn shared(&self, id: u64) -> u64;

    #[redis_cache(ttl = 60, key = "own:{Self}:{id}", entry = false)]
    async fn own(&self, id: u64) -> String {
        format!("{} {id}", type_name::<T>())
    }
}

struct Db;

impl<T> Repo<T> for Db {
    #[redis_cache(ttl = 60, skip(self), entry = false)]
    async fn default_key(&self, id: u64) -> String {
        format!("{} {id}", type_name::<T>())
    }

    #[redis_cache(ttl = 60, key = "template:{Self}:{id}", entry = false)]
    async fn by_template(&self, id: u64) -> String {
        format!("{} {id}", type_name::<T>())
    }

    #[redis_cache(ttl = 60, key = "shared:{id}", skip(Self), entry = false)]
    async fn shared(&self, id: u64) -> u64 {
        id
    }
}

/// What the parameter is no key can say, so nothing is cached, rather than the value of another type served.
#[tokio::test]
async fn a_parameter_of_the_trait_alone_is_never_shared() {
    let cache = in_memory();
    cache
        .scope(async {
            for _ in 0..2 {
                assert_eq!(Repo::<u8>::default_key(&Db, 1).await, "u8 1");
                assert_eq!(Repo::<u16>::default_key(&Db, 1).await, "u16 1");
                assert_eq!(Repo::<u8>::by_template(&Db, 1).await, "u8 1");
                assert_eq!(Repo::<u16>::by_template(&Db, 1).await, "u16 1");
                assert_eq!(Repo::<u8>::own(&Db, 1).await, "u8 1");
                assert_eq!(Repo::<u16>::own(&Db, 1).await, "u16 1");
            }
        })
        .await;
    assert_eq!(cache.count_keys().await.unwrap(), 0);
    cache
        .scope(async {
            assert_eq!(Repo::<u8>::shared(&Db, 1).await, 1);
            assert_eq!(Repo::<u16>::shared(&Db, 1).await, 1);
        })
        .await;
    assert_eq!(cache.count_keys().await.unwrap(), 1, "as its author says");
}

trait Of<T> {
    async fn find(&self, id: u64) -> String;

    async fn listed(&self) -> usize;
}

struct Sql<T>(T);

#[redis_cache]
impl<T: Send + Sync> Of<T> for Sql<T> {
    #[redis_cache(ttl = 60, key = "sql:{Self}:{id}")]
    async fn find(&self, id: u64) -> String {
        format!("{} {id}", type_name::<T>())
    }

    #[redis_cache(ttl = 60, skip(self))]
    async fn listed(&self) -> usize {
        size_of::<T>()
    }
}

struct Named;

impl Of<u8> for Named {
    #[redis_cache(ttl = 60, key = "named:{Self}:{id}", entry = false)]
    async fn find(&self, id: u64) -> String {
        format!("named {id}")
    }

    #[redis_cache(ttl = 60, skip(self), entry = false)]
    async fn listed(&self) -> usize {
        3
    }
}

/// Where `Self` tells the parameter, or the `impl` is for one, there is a key.
#[tokio::test]
async fn what_self_tells_is_cached() {
    let cache = in_memory();
    cache
        .scope(async {
            for _ in 0..2 {
                assert_eq!(Sql(1_u8).find(1).await, "u8 1");
                assert_eq!(Sql(1_u16).find(1).await, "u16 1");
                assert_eq!(Sql(1_u8).listed().await, 1);
                assert_eq!(Sql(1_u16).listed().await, 2);
                assert_eq!(Named.find(1).await, "named 1");
                assert_eq!(Named.listed().await, 3);
            }
        })
        .await;
    assert_eq!(cache.count_keys().await.unwrap(), 6);
}
