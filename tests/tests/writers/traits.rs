//! Repositories behind traits: `#[redis_cache]` on their whole `impl`.

use super::*;
use async_trait::async_trait;
use cache_tests::{Runs, cache_at, called, keys};

/// A user, or what is wrong.
type Found = Result<Option<String>, String>;

trait Users {
    type Error;

    async fn find(&self, id: u64) -> Result<Option<String>, Self::Error>;
    async fn page(tenant: &str, page: u32) -> Vec<u32>;
    async fn rename(&self, id: u64, name: &str) -> Result<String, Self::Error>;
    async fn remove(&self, id: u64);
}

#[async_trait]
trait Orders: Send + Sync {
    async fn total(&self, key: (u64, &str)) -> u64;
    async fn pay(&self, user: u64, currency: &str) -> u64;
}

struct Sql {
    tenant: String,
    cache: Cache,
    runs: Runs,
}

#[redis_cache(cache = self.cache, ttl = "5m", version = 4)]
impl Users for Sql {
    type Error = String;

    #[redis_cache(key = "user:{self.tenant}:{id}")]
    async fn find(&self, id: u64) -> Result<Option<String>, Self::Error> {
        self.runs.one_more();
        Ok(Some(format!("{id}")))
    }

    #[redis_cache(key = "page:{tenant}:{page}", ttl = 5, cache = Cache::current())]
    async fn page(tenant: &str, page: u32) -> Vec<u32> {
        vec![page; tenant.len()]
    }

    #[redis_put(self.find(id))]
    #[redis_invalidate(Self::page(&self.tenant, 1))]
    async fn rename(&self, id: u64, name: &str) -> Result<String, Self::Error> {
        if id == 0 { Err("nobody".to_owned()) } else { Ok(name.to_owned()) }
    }

    #[redis_invalidate(self.find(id))]
    async fn remove(&self, id: u64) {
        let _ = id;
    }
}

#[redis_cache(cache = self.cache)]
#[async_trait]
impl Orders for Sql {
    #[redis_cache(key = "total:{self.tenant}:{key.0}:{key.1}")]
    async fn total(&self, key: (u64, &str)) -> u64 {
        self.runs.one_more();
        key.0 * key.1.len() as u64
    }

    #[redis_put(self.total((user, currency)))]
    async fn pay(&self, user: u64, currency: &str) -> u64 {
        tokio::task::yield_now().await;
        let _ = currency;
        user
    }
}

fn sql(server: &RedisServer) -> Sql {
    Sql { tenant: "north".to_owned(), cache: cache_at(&server.url()), runs: Runs::default() }
}

#[tokio::test]
async fn writers_and_puts_reach_the_methods_of_a_trait() {
    let server = RedisServer::start();
    let sql = sql(&server);
    sql.cache
        .scope(async {
            assert_eq!(sql.find(7).await, Found::Ok(Some("7".to_owned())));
            assert_eq!(sql.find(7).await, Found::Ok(Some("7".to_owned())));
            assert_eq!(sql.runs.count(), 1);
            assert_eq!(Sql::page("north", 1).await, [1; 5]);
            assert_eq!(keys(&server), ["t:page:north:1~4", "t:user:north:7~4"]);

            sql.rename(7, "Ada").await.unwrap();
            assert_eq!(keys(&server), ["t:user:north:7~4"], "with the version of the block");
            assert_eq!(sql.find(7).await, Found::Ok(Some("Ada".to_owned())));
            assert_eq!(sql.runs.count(), 1);

            let entry = sql.find_entry(7);
            assert_eq!(entry.get().await.unwrap(), Some(Ok(Some("Ada".to_owned()))));
            assert!(entry.ttl().await.unwrap().unwrap() > Duration::from_secs(250), "and its ttl");
            sql.remove(7).await;
            assert_eq!(keys(&server), [""; 0]);
        })
        .await;
}

#[tokio::test]
async fn so_they_do_under_async_trait() {
    let server = RedisServer::start();
    let sql = sql(&server);
    let orders: &dyn Orders = &sql;
    assert_eq!(orders.total((7, "EUR")).await, 21);
    assert_eq!(stored(&server, "t:total:north:7:EUR").as_deref(), Some("21"));
    assert_eq!(orders.pay(7, "EUR").await, 7);
    assert_eq!(stored(&server, "t:total:north:7:EUR").as_deref(), Some("7"));
    assert_eq!(orders.total((7, "EUR")).await, 7);
    assert_eq!(sql.runs.count(), 1);
    assert!(sql.total_entry((7, "EUR")).invalidate().await.unwrap());
}

/// A trait whose method has a body, and a type that writes its own.
#[redis_cache(ttl = 60)]
#[async_trait]
trait Greets: Sync {
    #[redis_cache(key = "greets:{Self}:{id}")]
    async fn greet(&self, id: u64) -> String {
        format!("hello {id}")
    }

    #[redis_invalidate(Self::greet(id))]
    async fn forget(&self, id: u64) {
        let _ = id;
    }
}

struct Usual;
struct Own;

impl Greets for Usual {}

#[redis_cache(ttl = 60)]
#[async_trait]
impl Greets for Own {
    #[redis_cache(key = "own:{id}")]
    async fn greet(&self, id: u64) -> String {
        format!("hi {id}")
    }

    #[redis_invalidate(Self::greet(id))]
    async fn forget(&self, id: u64) {
        let _ = id;
    }
}

#[tokio::test]
async fn a_method_with_a_body_has_its_companion_in_the_trait() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    cache
        .scope(async {
            assert_eq!(
                (Usual.greet(1).await, Own.greet(1).await),
                ("hello 1".into(), "hi 1".into())
            );
            assert_eq!(keys(&server).len(), 2);
            assert_eq!(Usual::greet_entry(1).get().await.unwrap().as_deref(), Some("hello 1"));
            Usual.forget(1).await;
            assert_eq!(keys(&server), ["t:own:1"]);
            Own.forget(1).await;
            assert_eq!(keys(&server), [""; 0]);
        })
        .await;
}

trait Get<T> {
    async fn get(&self, id: u64) -> T;
}

/// One type with two traits whose methods have one name.
struct Both;

#[redis_cache(ttl = 60)]
impl Get<u64> for Both {
    #[redis_cache(key = "number:{id}")]
    async fn get(&self, id: u64) -> u64 {
        id
    }
}

#[redis_cache(ttl = 60)]
impl Get<String> for Both {
    #[redis_cache(key = "text:{id}", entry = get_text_entry)]
    async fn get(&self, id: u64) -> String {
        id.to_string()
    }
}

impl Both {
    #[redis_invalidate(Self::get(id), Self::get_text(id))]
    async fn change(&self, id: u64) {
        let _ = id;
    }
}

/// A type with a parameter.
struct Typed<T>(T);

#[redis_cache(ttl = 60)]
impl<T: Into<u64> + Copy> Get<u64> for Typed<T> {
    #[redis_cache(key = "typed:{Self}:{id}")]
    async fn get(&self, id: u64) -> u64 {
        id + self.0.into()
    }
}

impl<T: Into<u64> + Copy> Typed<T> {
    #[redis_invalidate(Self::get(id))]
    async fn change(&self, id: u64) {
        let _ = id;
    }
}

#[tokio::test]
async fn names_that_would_meet_are_given_and_types_are_told_apart() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    cache
        .scope(async {
            assert_eq!(Get::<u64>::get(&Both, 1).await, 1);
            assert_eq!(Get::<String>::get(&Both, 1).await, "1");
            assert_eq!(keys(&server), ["t:number:1", "t:text:1"]);
            Both.change(1).await;
            assert_eq!(keys(&server), [""; 0]);

            assert_eq!((Typed(1_u8).get(1).await, Typed(2_u16).get(1).await), (2, 3));
            assert_eq!(keys(&server).len(), 2);
            Typed(1_u8).change(1).await;
            assert_eq!(keys(&server).len(), 1);
            assert_eq!(called(&cache, Typed(2_u16).get(1)).await.1.hits, 1);
        })
        .await;
}

/// Options of the block are those of each method that has none.
struct Defaults {
    cache: Cache,
}

#[redis_cache(cache = self.cache, none_ttl = 5, cache_if = |n: &u64| n.is_multiple_of(2))]
impl Defaults {
    #[redis_cache(key = "even:{n}")]
    async fn even(&self, n: u64) -> Option<u64> {
        Some(n).filter(|n| *n > 0)
    }

    #[redis_cache(key = "all:{n}", cache_if = |_| true, ttl_with = |n| Duration::from_secs(*n))]
    async fn all(&self, n: u64) -> Option<u64> {
        Some(n)
    }
}

#[tokio::test]
async fn an_inherent_impl_has_the_defaults_too() {
    let server = RedisServer::start();
    let defaults = Defaults { cache: cache_at(&server.url()) };
    for n in 0..3 {
        defaults.even(n).await;
        defaults.all(n + 1).await;
    }
    assert_eq!(keys(&server), ["t:all:1", "t:all:2", "t:all:3", "t:even:0", "t:even:2"]);
    assert_eq!(defaults.even_entry(0).get().await.unwrap(), Some(None));
}
