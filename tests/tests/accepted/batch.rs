//! Functions of many keys in all their forms.
#![deny(warnings)]
#![deny(clippy::all, clippy::pedantic)]
#![allow(clippy::unused_async)] // bodies here have nothing to wait for
#![forbid(unsafe_code)]

use cache_runtime::{Cache, CacheKey, Postcard, redis_cache, redis_invalidate, redis_put};
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

type AppResult<T> = Result<T, String>;
type Users = HashMap<u64, String>;

struct Db;

/// A slice, and a map in a `Result`.
#[redis_cache(ttl = "5m", key = "user:{id}", batch = "ids")]
pub async fn users(db: &Db, ids: &[u64]) -> AppResult<HashMap<u64, String>> {
    let Db = db;
    if ids.contains(&0) {
        return Err("no such user".to_owned());
    }
    Ok(ids.iter().map(|id| (*id, id.to_string())).collect())
}

/// An alias for the whole, and other arguments by value.
#[redis_cache(key = "of:{org}:{id}", batch = "id in ids", version = 2, none_ttl = "5s")]
async fn aliased(org: String, mut ids: Vec<u64>, mut limit: usize) -> Users {
    limit += 1;
    ids.truncate(limit);
    ids.into_iter().map(|id| (id, org.clone())).collect()
}

/// Pairs in order, a derived member, a field of it, and a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, CacheKey)]
struct Id {
    tenant: u64,
    name: String,
}

#[redis_cache(key = "id:{id}", batch = "ids")]
async fn pairs((one, mut two): (u64, u64), ids: &[Id]) -> Vec<(Id, u64)> {
    two += one;
    ids.iter().map(|id| (id.clone(), two)).collect()
}

#[redis_cache(key = "field:{id.tenant}:{id.name:lower}", batch = "ids", stale_if_error = "1h")]
async fn fields(ids: &[Id]) -> Result<BTreeMap<Id, u64>, Arc<str>> {
    Ok(ids.iter().map(|id| (id.clone(), id.tenant)).collect())
}

/// A member that the body does not use otherwise, and one argument that only the key does.
#[redis_cache(key = "only:{org}:{id}", batch = "ids", codec = Postcard, version = 1)]
async fn only_in_the_key(org: u64, ids: &[u64]) -> HashMap<u64, u8> {
    ids.iter().map(|id| (*id, 1)).collect()
}

#[redis_cache(key = "generic:{T}:{id}", skip(K), batch = "ids", ttl = life, entry = false)]
async fn generic<T, K>(life: Duration, ids: &[K], value: &T) -> HashMap<K, T>
where
    T: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned,
    K: CacheKey + Clone + Eq + Hash,
{
    ids.iter().map(|id| (id.clone(), value.clone())).collect()
}

/// Tags of members, of other arguments and of types, and a condition on the call.
#[redis_cache(
    key = "tagged:{org}:{T}:{id.tenant}",
    batch = "ids",
    tags = ["org:{org:lower}", "tenant:{id.tenant}", "name:{id.name:hash}", "all", "{T}"],
    when = !ids.is_empty() && limit > 1
)]
async fn tagged<T>(org: &str, mut ids: Vec<Id>, limit: usize, value: T) -> HashMap<Id, T>
where
    T: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned,
{
    ids.truncate(limit + org.len());
    ids.into_iter().map(|id| (id, value.clone())).collect()
}

/// Errors and absence of members, kept in this process too.
#[redis_cache(key = "kept:{id}", batch = "ids", l1, err_ttl = "5s", none_ttl = 5)]
async fn kept(ids: &[u64]) -> AppResult<HashMap<u64, AppResult<Option<String>>>> {
    Ok(ids.iter().map(|id| (*id, Ok(Some(id.to_string())))).collect())
}

/// Of any type, kept in this process.
#[redis_cache(key = "any:{T}:{id}", batch = "ids", l1 = "10s", none_ttl = 5, when = value.is_some())]
async fn any<T>(ids: &[u64], value: Option<T>) -> HashMap<u64, T>
where
    T: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static,
{
    ids.iter().filter_map(|id| Some((*id, value.clone()?))).collect()
}

/// Tags that the values say, beside those of the call, of any type and kept in this process.
#[redis_cache(key = "own:{id}", batch = "ids", tags_with = tags_of, none_ttl = 5, err_ttl = 5)]
async fn own(ids: &[u64]) -> HashMap<u64, AppResult<Option<String>>> {
    ids.iter().map(|id| (*id, Ok(Some(id.to_string())))).collect()
}

#[allow(clippy::ptr_arg)] // what the function returns
fn tags_of(name: &String) -> [&str; 1] {
    [name]
}

#[redis_cache(
    key = "own:{T}:{id}",
    batch = "ids",
    tags = ["id:{id}"],
    tags_with = |value| [format!("{value:?}")],
    l1,
    none_ttl = 5
)]
async fn own_kept<T>(ids: &[u64], value: T) -> HashMap<u64, T>
where
    T: Clone + Send + Sync + std::fmt::Debug,
    T: serde::Serialize + serde::de::DeserializeOwned + 'static,
{
    ids.iter().map(|id| (*id, value.clone())).collect()
}

/// Tags that name no member.
#[redis_cache(key = "common:{id}", batch = "ids", tags = ["common"], when = flag, entry = common_entry)]
async fn of_one_tag(flag: bool, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, *id)).collect()
}

trait Store {
    async fn load(&self, ids: &[u64]) -> AppResult<Users>;
}

/// In a trait's `impl`, whose companions are beside it.
#[redis_cache(cache = self.cache, early_refresh)]
impl Store for Repo {
    #[redis_cache(
        key = "load:{id}",
        batch = "ids",
        tags = ["load:{id}", "{Self}"],
        when = ids.len() < 9
    )]
    async fn load(&self, ids: &[u64]) -> AppResult<Users> {
        Ok(ids.iter().map(|id| (*id, id.to_string())).collect())
    }
}

struct Repo {
    cache: Cache,
}

impl Repo {
    #[redis_cache(key = "repo:{id}", batch = "ids", cache = self.cache)]
    async fn find<'a>(&'a self, seen: &mut Vec<u64>, ids: &'a [u64]) -> HashMap<u64, u64> {
        seen.extend_from_slice(ids);
        ids.iter().map(|id| (*id, *id)).collect()
    }

    #[redis_cache(key = "shared:{id}", batch = "ids", cache = self.cache)]
    async fn shared(self: &Arc<Self>, ids: Vec<u64>) -> HashMap<u64, u64> {
        ids.into_iter().map(|id| (id, id)).collect()
    }
}

#[redis_invalidate(users(id), fields(Id { tenant: id, name: String::new() }))]
async fn change(id: u64) -> AppResult<u64> {
    Ok(id)
}

#[redis_invalidate(tagged::<u64>(org, Id { tenant, name: String::new() }), tags = ["tenant:{tenant}", "common"])]
async fn change_tagged(org: &str, tenant: u64) {}

#[redis_put(users(id))]
async fn rename(id: u64, name: &str) -> AppResult<String> {
    let _ = id;
    Ok(name.to_owned())
}

/// Its future is `Send` where that of the body is, whatever the error is.
#[redis_cache(key = "send:{id}", batch = "ids")]
async fn error_is_not_send(ids: &[u64]) -> Result<HashMap<u64, u64>, Box<dyn Error>> {
    tokio::task::yield_now().await;
    Ok(ids.iter().map(|id| (*id, *id)).collect())
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn each_form_compiles_and_runs() {
    let cache = Cache::in_memory();
    let repo = Arc::new(Repo { cache: cache.clone() });
    let ada = Id { tenant: 1, name: "Ada".to_owned() };
    is_send(cache.scope(async {
        assert_eq!(users(&Db, &[1, 2]).await.unwrap().len(), 2);
        assert_eq!(users_entry(1).get().await.unwrap().as_deref(), Some("1"));
        assert_eq!(aliased("a".to_owned(), vec![1, 2, 3], 1).await.len(), 2);
        assert_eq!(aliased_entry("a".to_owned(), 3).get().await.unwrap(), Some(None));
        assert_eq!(pairs((1, 2), std::slice::from_ref(&ada)).await, [(ada.clone(), 3)]);
        assert_eq!(fields(&[ada.clone(), ada.clone()]).await.unwrap()[&ada], 1);
        assert_eq!(only_in_the_key(1, &[]).await.len(), 0);
        assert_eq!(generic(Duration::from_secs(5), &["a", "b"], &7_u8).await["b"], 7);
        let mut seen = Vec::new();
        assert_eq!(repo.find(&mut seen, &[1, 2]).await.len(), 2);
        assert_eq!(repo.find(&mut seen, &[2, 3]).await.len(), 2);
        assert_eq!(seen, [1, 2, 3]);
        assert_eq!(repo.shared(vec![1]).await[&1], 1);
        let some = vec![ada.clone(), ada.clone()];
        assert_eq!(tagged("Org", some.clone(), 2, 7_u64).await[&ada], 7);
        change_tagged("Org", 1).await;
        assert_eq!(tagged("Org", some, 2, 8_u64).await[&ada], 8);
        assert_eq!(kept(&[1]).await.unwrap()[&1].as_ref().unwrap().as_deref(), Some("1"));
        assert!(kept_entry(1).get().await.unwrap().is_some_and(|own| own.is_ok()));
        assert_eq!(any(&[1], Some(7_u8)).await[&1], 7);
        assert_eq!(any_entry::<u8>(1).get().await.unwrap(), Some(Some(7)));
        assert_eq!(own(&[1]).await[&1], Ok(Some("1".to_owned())));
        assert_eq!(own_kept(&[1], 7_u8).await[&1], 7);
        cache.invalidate_tag("7").await.unwrap();
        assert_eq!(own_kept_entry::<u8>(1).get().await.unwrap(), None);
        assert_eq!(of_one_tag(true, &[1]).await[&1], 1);
        assert_eq!(common_entry(1).get().await.unwrap(), Some(1));
        assert_eq!(repo.load(&[1, 2]).await.unwrap()[&2], "2");
        assert_eq!(repo.load_entry(1).get().await.unwrap().as_deref(), Some("1"));
        assert_eq!(change(1).await, Ok(1));
        assert_eq!(rename(1, "Ada").await, Ok("Ada".to_owned()));
        assert_eq!(users(&Db, &[1]).await.unwrap()[&1], "Ada");
        assert_eq!(error_is_not_send(&[1]).await.unwrap()[&1], 1);
    }))
    .await;
}
