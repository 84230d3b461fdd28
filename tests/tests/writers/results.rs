//! Keys of what a writer returns.

use super::*;
use cache_runtime::defer_invalidations;
use cache_tests::{Fault, FaultProxy, Repo, cache_at, limited};
use std::future::Future;
use std::pin::Pin;

#[derive(Debug, PartialEq, Eq)]
struct Account {
    id: u64,
    name: String,
}

#[redis_cache(ttl = 60, key = "account:{id}")]
async fn account(id: u64) -> u64 {
    id
}

#[redis_cache(ttl = 60, key = "named:{tenant}:{name}")]
async fn named(tenant: &str, name: &str) -> usize {
    tenant.len() + name.len()
}

/// What becomes of the account.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Renamed,
    Gone,
    Fails,
    Panics,
}

impl Fate {
    fn of(self, id: u64) -> Result<Option<Account>, &'static str> {
        match self {
            Self::Renamed => Ok(Some(Account { id, name: "Ada".to_owned() })),
            Self::Gone => Ok(None),
            Self::Fails => Err("on purpose"),
            Self::Panics => panic!("on purpose"),
        }
    }
}

/// The tenant is the body's, and what is named of it is taken before.
#[redis_invalidate(account(id), named(&tenant.clone(), &result.name), keys = ["extra:{result.id}:{result.name:lower}"])]
async fn rename(tenant: String, id: u64, fate: Fate) -> Result<Option<Account>, &'static str> {
    drop(tenant);
    tokio::task::yield_now().await;
    fate.of(id)
}

#[redis_invalidate(named("x", &format!("{result}")))]
fn plainly(id: u64) -> u64 {
    id
}

#[redis_invalidate(account(*result))]
fn boxed(id: u64) -> Pin<Box<dyn Future<Output = Option<u64>> + Send>> {
    Box::pin(async move { Some(id) })
}

#[async_trait::async_trait]
trait Stocks {
    async fn restock(&self, (id, to): (u64, u64)) -> Result<Account, String>;
}

#[async_trait::async_trait]
impl Stocks for Repo {
    #[redis_invalidate(self.stock(result.id), keys = ["of:{self.name}:{result.name}"], cache = self.cache)]
    async fn restock(&self, (id, to): (u64, u64)) -> Result<Account, String> {
        Ok(Account { id, name: to.to_string() })
    }
}

const KEYS: [&str; 3] = ["t:account:7", "t:extra:7:ada", "t:named:north:Ada"];

/// Has Redis hold a value under each key, whoever wrote it.
fn filled(server: &RedisServer) {
    for key in KEYS {
        server.command::<()>(&["SET", key, "1"]);
    }
}

fn left(server: &RedisServer) -> Vec<&'static str> {
    KEYS.into_iter().filter(|key| is_stored(server, key)).collect()
}

const ALL_OF_THE_RESULT: [&str; 2] = ["t:extra:7:ada", "t:named:north:Ada"];

fn renaming(fate: Fate) -> impl Future<Output = Result<Option<Account>, &'static str>> {
    rename("north".to_owned(), 7, fate)
}

#[tokio::test]
async fn are_invalidated_where_there_is_a_value() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    filled(&server);
    let account = cache.scope(renaming(Fate::Renamed)).await.unwrap().unwrap();
    assert_eq!(account, Account { id: 7, name: "Ada".to_owned() });
    assert_eq!(left(&server), [""; 0], "before the caller sees it");
}

#[tokio::test]
async fn without_a_value_there_are_those_of_the_arguments_alone() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    filled(&server);
    assert!(cache.scope(renaming(Fate::Gone)).await.unwrap().is_none());
    assert_eq!(left(&server), ALL_OF_THE_RESULT);
    filled(&server);
    cache.scope(renaming(Fate::Fails)).await.unwrap_err();
    assert_eq!(left(&server), ALL_OF_THE_RESULT);
    filled(&server);
    spawn(&cache, renaming(Fate::Panics)).await.unwrap_err();
    eventually(DEADLINE, || async { left(&server) == ALL_OF_THE_RESULT }).await;
}

#[tokio::test]
async fn wait_for_the_end_of_the_deferral_and_for_redis() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let cache = hasty(&proxy.url());
    filled(&server);
    let deferred = defer_invalidations(async {
        renaming(Fate::Renamed).await.unwrap();
        assert_eq!(left(&server), KEYS);
        proxy.set(Fault::Drop);
    });
    limited(cache.scope(deferred)).await;
    assert_eq!(waiting(&cache).await, 3);
    assert_eq!(left(&server), KEYS);
    assert_eq!(limited(cache.scope(named("north", "Ada"))).await, 8, "not the old value");
    proxy.set(Fault::None);
    replayed(&cache).await;
    assert_eq!(left(&server), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_every_kind_of_function() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let repo = Repo::new("north", cache.clone());
    cache
        .scope(async {
            named("x", "5").await;
            assert_eq!(plainly(5), 5);
            assert!(!is_stored(&server, "t:named:x:5"));

            account(5).await;
            assert_eq!(boxed(5).await, Some(5));
            assert!(!is_stored(&server, "t:account:5"));
        })
        .await;
    repo.stock(3).await.unwrap();
    server.command::<()>(&["SET", "t:of:north:9", "1"]);
    repo.restock((3, 9)).await.unwrap();
    assert!(!is_stored(&server, "t:repo:north:stock:3") && !is_stored(&server, "t:of:north:9"));
}
