//! One type that has a trait many times: `Self` is the same for all of them.

use cache_runtime::redis_cache;
use cache_tests::in_memory;
use std::any::type_name;

macro_rules! name_of {
    () => {
        Self::NAME
    };
}

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

/// Its methods are of no `self`, and say no `Self` either.
trait Listed<T> {
    #[redis_cache(ttl = 60, key = "list:{id}")]
    async fn by_template(id: u64) -> String {
        format!("{} {id}", type_name::<T>())
    }

    #[redis_cache(ttl = 60)]
    async fn default_key(id: u64) -> String {
        format!("{} {id}", type_name::<T>())
    }

    #[redis_cache(ttl = 60, key = "named:{Self}:{id}")]
    async fn named(id: u64) -> String {
        format!("{} {id}", type_name::<T>())
    }

    #[redis_cache(ttl = 60)]
    fn plain(id: u64) -> String {
        format!("{} {id}", type_name::<T>())
    }

    #[redis_cache(ttl = 60, key = "all:{id}", skip(Self))]
    async fn shared(id: u64) -> u64 {
        id
    }

    async fn in_the_impl(id: u64) -> String;
}

impl<T> Listed<T> for Db {
    #[redis_cache(ttl = 60, key = "in:{Self}:{id}", entry = false)]
    async fn in_the_impl(id: u64) -> String {
        format!("{} {id}", type_name::<T>())
    }
}

/// Nor is it where nothing in the function but the parameter says that it is of a trait.
#[tokio::test]
async fn a_parameter_of_the_trait_alone_is_never_shared_by_functions_without_self() {
    async fn all<T>(name: &str)
    where
        Db: Listed<T>,
    {
        assert_eq!(<Db as Listed<T>>::by_template(1).await, name);
        assert_eq!(<Db as Listed<T>>::default_key(1).await, name);
        assert_eq!(<Db as Listed<T>>::named(1).await, name);
        assert_eq!(<Db as Listed<T>>::plain(1), name);
        assert_eq!(<Db as Listed<T>>::in_the_impl(1).await, name);
    }
    let cache = in_memory();
    cache
        .scope(async {
            let entry = <Db as Listed<u8>>::by_template_entry(1);
            assert!(entry.put(&"u8 1".to_owned()).await.is_err(), "it has no key");
            for _ in 0..2 {
                all::<u8>("u8 1").await;
                all::<u16>("u16 1").await;
            }
        })
        .await;
    assert_eq!(cache.count_keys().await.unwrap(), 0);
    cache
        .scope(async {
            assert_eq!(<Db as Listed<u8>>::shared(1).await, 1);
            assert_eq!(<Db as Listed<u16>>::shared(1).await, 1);
        })
        .await;
    assert_eq!(cache.count_keys().await.unwrap(), 1, "as its author says");
}

/// In a trait without parameters there are as many functions as types.
trait Known {
    const NAME: &str;

    #[redis_cache(ttl = 60, key = "known:{id}")]
    async fn known(id: u64) -> String {
        format!("{} {id}", name_of!())
    }

    #[redis_cache(ttl = 60, key = "known:{Self}:{id}")]
    async fn told(id: u64) -> String {
        format!("{} {id}", name_of!())
    }
}

struct Of1;
struct Of2;

impl Known for Of1 {
    const NAME: &str = "1";
}

impl Known for Of2 {
    const NAME: &str = "2";
}

/// `Self` need not stand in the body itself.
#[tokio::test]
async fn what_a_macro_says_of_self_is_never_shared() {
    let cache = in_memory();
    cache
        .scope(async {
            for _ in 0..2 {
                assert_eq!(Of1::known(1).await, "1 1");
                assert_eq!(Of2::known(1).await, "2 1");
                assert_eq!(Of1::told(1).await, "1 1");
                assert_eq!(Of2::told(1).await, "2 1");
            }
        })
        .await;
    assert_eq!(cache.count_keys().await.unwrap(), 2, "those that are told apart");
}
