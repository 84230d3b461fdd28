//! `when`: calls that ask no cache.

use cache_runtime::{Observed, TimedOut, redis_cache, redis_put};
use cache_tests::{RedisServer, Runs, cache_at, called, is_stored, keys, stored};

#[derive(Debug)]
struct User {
    id: u64,
    is_staff: bool,
}

/// The arguments are the body's, and the condition sees them before.
#[redis_cache(ttl = 60, key = "basket:{user.id}", when = !user.is_staff && runs.count() < 100)]
async fn basket(runs: &Runs, user: User) -> u64 {
    let User { id, is_staff: _ } = user;
    runs.one_more() * 10 + id
}

#[redis_put(basket(User { id, is_staff: true }))]
async fn fill_basket(id: u64, with: u64) -> u64 {
    with
}

#[redis_cache(ttl = 60, key = "plainly:{id}", when = id > 0)]
fn plainly(id: u64) -> u64 {
    id
}

#[redis_cache(ttl = 60, key = "late:{id}", when = *id > 0, hard_timeout = "60s")]
async fn late(id: &u64) -> Result<u64, TimedOut> {
    Ok(*id)
}

#[async_trait::async_trait]
trait Shelf {
    async fn books(&self, all: bool) -> u64;
}

struct Own {
    books: u64,
}

#[async_trait::async_trait]
impl Shelf for Own {
    #[redis_cache(ttl = 60, key = "books:{self.books}", when = !all && self.books > 0, entry = false)]
    async fn books(&self, all: bool) -> u64 {
        self.books + u64::from(all)
    }
}

fn said(observed: Observed) -> (u64, u64, u64) {
    (observed.hits, observed.misses, observed.bypassed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_does_not_hold_the_call_is_a_bypass() {
    let server = RedisServer::start();
    let (cache, runs) = (cache_at(&server.url()), Runs::default());
    let user = |is_staff| User { id: 7, is_staff };
    let (value, observed, _) = called(&cache, basket(&runs, user(true))).await;
    assert_eq!((value, said(observed)), (17, (0, 0, 1)));
    assert_eq!(keys(&server), [""; 0], "neither value nor lease");

    let (value, observed, _) = called(&cache, basket(&runs, user(false))).await;
    assert_eq!((value, said(observed)), (27, (0, 1, 0)));
    let (value, observed, _) = called(&cache, basket(&runs, user(false))).await;
    assert_eq!((value, said(observed)), (27, (1, 0, 0)));

    let (value, observed, _) = called(&cache, basket(&runs, user(true))).await;
    assert_eq!((value, said(observed)), (37, (0, 0, 1)), "it does not look either");
    assert_eq!(stored(&server, "t:basket:7").as_deref(), Some("27"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn companions_and_puts_do_not_ask_it() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    cache.scope(fill_basket(7, 70)).await;
    assert_eq!(stored(&server, "t:basket:7").as_deref(), Some("70"));
    let entry = cache.scope(async { basket_entry(User { id: 7, is_staff: true }) }).await;
    assert_eq!(entry.get().await.unwrap(), Some(70));
    assert!(entry.invalidate().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_function_has_it() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let (one, none) = (Own { books: 1 }, Own { books: 0 });
    for (id, shelf, all) in [(0, &one, true), (0, &none, false), (1, &one, false)] {
        let (_, observed, _) = called(&cache, async { plainly(id) }).await;
        assert_eq!(said(observed), (0, id, 1 - id));
        let (value, observed, _) = called(&cache, late(&id)).await;
        assert_eq!((value.unwrap(), said(observed)), (id, (0, id, 1 - id)));
        let (value, observed, _) = called(&cache, shelf.books(all)).await;
        assert_eq!(value, shelf.books + u64::from(all));
        assert_eq!(said(observed), (0, id, 1 - id));
    }
    for key in ["t:plainly:1", "t:late:1", "t:books:1"] {
        assert!(is_stored(&server, key), "{key}");
    }
}
