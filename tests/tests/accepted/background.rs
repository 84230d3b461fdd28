//! Arguments of all kinds, where the body works on copies of them.
#![deny(warnings)]
#![forbid(unsafe_code)]

use cache_runtime::{Cache, redis_cache};
use std::sync::Arc;

const WINDOW: std::time::Duration = std::time::Duration::from_secs(5);

#[derive(Clone)]
struct Db;

#[redis_cache(ttl = 5, key = "a:{name}:{id}", stale_while_revalidate = "5s", stale_if_error = WINDOW)]
async fn references(
    db: &Db,
    name: &str,
    list: &[u64],
    id: u64,
    mut rest: &[u8],
) -> Result<u64, String> {
    let _: (&Db, &str, &[u64]) = (db, name, list);
    while let [first, more @ ..] = rest {
        if *first == 0 {
            return Err(name.to_owned());
        }
        rest = more;
    }
    tokio::task::yield_now().await;
    Ok(list.iter().sum::<u64>() + id)
}

#[redis_cache(ttl = 5, key = "b:{a}:{b}", stale_while_revalidate = 5)]
async fn moved(
    (a, b): (u64, u64),
    mut text: String,
    shared: Arc<Db>,
    fixed: &'static str,
    into: impl Into<String> + Send + 'static,
) -> String {
    drop(shared);
    text.push_str(fixed);
    text.push_str(&into.into());
    format!("{text}{a}{b}")
}

#[redis_cache(ttl = 5, key = "c:{id}", skip(T), stale_while_revalidate = 5)]
async fn generic<'a, T: Clone + Send + Sync + 'static>(value: &'a T, id: u64) -> u64
where
    T: Into<u64>,
{
    value.clone().into() + id
}

#[derive(Clone)]
struct Repo {
    base: u64,
    cache: Cache,
}

impl Repo {
    #[redis_cache(key = "d:{id}", cache = self.cache, stale_while_revalidate = 5)]
    async fn by_reference(&self, id: u64) -> u64 {
        let add = |n: u64| self.base + n;
        trait Own {
            fn own(&self) -> u64;
        }
        impl Own for u64 {
            fn own(&self) -> u64 {
                *self
            }
        }
        add(id.own())
    }

    #[redis_cache(key = "e:{id}", stale_while_revalidate = 5)]
    async fn by_arc(self: &Arc<Self>, id: u64) -> u64 {
        assert_eq!(format!("{}", self.base), format!("{}", Arc::clone(self).base));
        self.by_reference(id).await
    }

    #[redis_cache(key = "f:{id}", stale_while_revalidate = 5, entry = false)]
    async fn by_value(mut self, id: u64) -> u64 {
        self.base += id;
        self.base
    }

    #[redis_cache(key = "g:{id}", stale_while_revalidate = 5)]
    async fn without(id: u64) -> Option<u64> {
        Some(id)
    }
}

trait Find {
    async fn find(&self, id: u64) -> u64;
}

impl Find for Repo {
    #[redis_cache(key = "h:{id}", stale_while_revalidate = 5, entry = false)]
    async fn find(&self, id: u64) -> u64 {
        self.base + id
    }
}

#[redis_cache(key = "j:{name}", early_refresh)]
async fn early(db: &Db, name: &str) -> String {
    let _: &Db = db;
    name.to_owned()
}

const BETA: f64 = 2.0;

#[redis_cache(key = "k:{name}", early_refresh = BETA * 0.5, stale_while_revalidate = 5)]
async fn eager(name: &str) -> String {
    name.to_owned()
}

#[redis_cache(key = "l:{name}", stale_if_error = 60, soft_timeout = "200ms")]
async fn soft(name: &str) -> String {
    name.to_owned()
}

#[redis_cache(key = "m:{name}", hard_timeout = std::time::Duration::from_secs(limit), early_refresh = 1)]
async fn hard(name: &str, limit: u64) -> Result<String, cache_runtime::TimedOut> {
    Ok(name.to_owned())
}

struct Failure;

impl From<cache_runtime::TimedOut> for Failure {
    fn from(_: cache_runtime::TimedOut) -> Self {
        Self
    }
}

type Answer<T> = Result<T, Failure>;

#[redis_cache(
    key = "n:{name}",
    stale_while_revalidate = 5,
    stale_if_error = 60,
    soft_timeout = 1,
    hard_timeout = "2s",
    early_refresh = 1.5
)]
async fn all(name: &str, mut list: Vec<u64>) -> Answer<Option<u64>> {
    list.sort_unstable();
    tokio::task::yield_now().await;
    if name.is_empty() {
        return Err(Failure);
    }
    Ok(list.first().copied())
}

impl Repo {
    #[redis_cache(key = "o:{id}", hard_timeout = 2)]
    async fn timed(&self, id: u64) -> Answer<u64> {
        Ok(self.base + id)
    }
}

// Runs in its caller's task, so it copies nothing.
#[redis_cache(key = "i:{id}", stale_if_error = 5)]
async fn in_front(id: u64, log: &mut Vec<u64>) -> Result<u64, Box<dyn std::error::Error>> {
    log.push(id);
    Ok(id)
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test]
async fn each_form_compiles_and_runs() {
    let cache = Cache::builder().url("memory://").prefix("t").build().unwrap();
    let repo = Repo { base: 1, cache: cache.clone() };
    is_send(cache.scope(async {
        assert_eq!(references(&Db, "n", &[1, 2], 3, &[1]).await, Ok(6));
        assert_eq!(references_entry("n", 3).get().await, Ok(Some(Ok(6))));
        assert_eq!(moved((1, 2), "t".into(), Arc::new(Db), "f", "i").await, "tfi12");
        assert_eq!(generic(&7_u32, 1).await, 8);
        assert_eq!(repo.by_reference(1).await, 2);
        assert_eq!(Arc::new(repo.clone()).by_arc(2).await, 3);
        assert_eq!(repo.clone().by_value(3).await, 4);
        assert_eq!(Repo::without(4).await, Some(4));
        assert_eq!(repo.find(5).await, 6);
        assert_eq!(early(&Db, "n").await, "n");
        assert_eq!(eager("n").await, "n");
        assert_eq!(soft("n").await, "n");
        assert_eq!(hard("n", 1).await, Ok("n".to_owned()));
        assert_eq!(hard_entry("n").get().await, Ok(Some(Ok("n".to_owned()))));
        assert!(matches!(all("n", vec![2, 1]).await, Ok(Some(1))));
        assert!(matches!(repo.timed(1).await, Ok(2)));
        let mut log = Vec::new();
        assert_eq!(in_front(6, &mut log).await.unwrap(), 6);
        assert_eq!(log, [6]);
    }))
    .await;
}
