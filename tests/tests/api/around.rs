//! `observe`, `bypass`, `refresh` and `scope`, inside one another.

use cache_runtime::{Cache, bypass, observe, redis_cache, redis_put, refresh};
use cache_tests::{RedisServer, Runs, cache_at, in_memory, is_stored};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::timeout;

#[redis_cache(ttl = 60, key = "counted:{n}")]
async fn counted(runs: &Runs, n: u64) -> u64 {
    runs.one_more();
    runs.count() * 100 + n
}

#[redis_cache(ttl = 60, key = "owned:{n}", cache = cache)]
async fn owned(cache: &Cache, n: u64) -> u64 {
    n
}

#[tokio::test]
async fn what_is_inside_counts() {
    let (cache, runs) = (in_memory(), Runs::default());
    let ((), outer) = observe(cache.scope(async {
        assert_eq!(counted(&runs, 1).await, 101);
        let (value, inner) = observe(counted(&runs, 1)).await;
        assert_eq!((value, inner.hits, inner.misses), (101, 1, 0), "not what was before");

        let (value, inner) = observe(bypass(counted(&runs, 1))).await;
        assert_eq!((value, inner.bypassed, inner.hits, inner.misses), (201, 1, 0, 0));
        assert_eq!(counted(&runs, 1).await, 101, "a bypass stores nothing");

        let (value, inner) = observe(refresh(counted(&runs, 1))).await;
        assert_eq!((value, inner.misses, inner.hits), (301, 1, 0));
        assert_eq!(counted(&runs, 1).await, 301, "a refresh does");

        // The innermost says how.
        assert_eq!(bypass(refresh(counted(&runs, 1))).await, 401);
        assert_eq!(counted(&runs, 1).await, 401);
        assert_eq!(refresh(bypass(counted(&runs, 1))).await, 501);
        assert_eq!(counted(&runs, 1).await, 401);
    }))
    .await;
    assert_eq!((outer.hits, outer.misses, outer.bypassed), (5, 3, 2), "all of them");
    assert_eq!(outer.hits + outer.misses + outer.bypassed, 10);
}

#[tokio::test]
async fn the_innermost_scope_counts_and_a_cache_of_ones_own_beats_it() {
    let (outer, inner, own) = (in_memory(), in_memory(), in_memory());
    let runs = Runs::default();
    outer
        .scope(async {
            counted(&runs, 1).await;
            inner.scope(counted(&runs, 2)).await;
            counted(&runs, 3).await;
            owned(&own, 4).await;
        })
        .await;
    let keys = async |cache: &Cache| cache.count_keys().await.unwrap();
    assert_eq!((keys(&outer).await, keys(&inner).await, keys(&own).await), (2, 1, 1));
}

#[tokio::test]
async fn a_spawned_task_is_not_inside() {
    let cache = in_memory();
    let ((), observed) = observe(cache.scope(async {
        tokio::spawn(async {
            let own = in_memory();
            let runs = Runs::default();
            own.scope(counted(&runs, 1)).await;
        })
        .await
        .unwrap();
    }))
    .await;
    assert_eq!(observed.misses, 0);
    assert_eq!(cache.count_keys().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_current_cache_is_that_of_a_call_here_and_goes_along_into_a_task() {
    let server = RedisServer::start();
    let (outer, inner) = (cache_at(&server.url()), in_memory());
    let runs = Arc::new(Runs::default());
    outer
        .scope(async {
            let (current, runs) = (Cache::current(), runs.clone());
            tokio::spawn(async move { current.scope(counted(&runs, 7)).await }).await.unwrap();
            assert_eq!(Cache::current().count_keys().await.unwrap(), 1);
            inner.scope(async { counted(&Runs::default(), 8).await }).await;
            let nested = inner.scope(async { Cache::current() }).await;
            assert_eq!(nested.count_keys().await.unwrap(), 1);
            nested.invalidate("counted:8").await.unwrap();
        })
        .await;
    assert_eq!(inner.count_keys().await.unwrap(), 0, "it was the same cache");
    assert!(is_stored(&server, "t:counted:7"));
    let (_, observed) = observe(outer.scope(counted(&runs, 7))).await;
    assert_eq!(observed.hits, 1);
}

#[tokio::test]
async fn outside_of_scopes_the_current_cache_is_the_process_wide_one() {
    let (current, global) = (Cache::current(), Cache::global());
    assert_eq!(current.health().await, global.health().await);
    assert_eq!(current.stats().await.prefix, global.stats().await.prefix);
}

#[redis_cache(ttl = 60, key = "counted:{n}", batch = "of")]
async fn counted_many(of: &[u64]) -> Vec<(u64, u64)> {
    of.iter().map(|n| (*n, *n)).collect()
}

#[redis_put(counted(n))]
async fn set(n: u64, to: u64) -> u64 {
    to
}

/// On a loaded machine much time passes between two steps of a call, and nobody's answer is late.
#[tokio::test]
async fn a_cache_in_memory_has_no_timeout() {
    let cache = Cache::builder().url("memory://").enabled(true).timeout(Duration::from_nanos(1));
    let (cache, runs) = (cache.build().unwrap(), Runs::default());
    cache
        .scope(async {
            counted(&runs, 1).await;
            assert_eq!(observe(counted(&runs, 1)).await.1.hits, 1, "a fill");
            set(2, 7).await;
            assert_eq!(counted(&runs, 2).await, 7, "a put");
            assert!(counted_entry(3).put(&9).await.unwrap());
            assert_eq!(counted(&runs, 3).await, 9, "by hand");
            counted_many(&[4, 5]).await;
            assert_eq!(observe(counted_many(&[4, 5])).await.1.hits, 2, "a batch");
        })
        .await;
}

#[tokio::test]
async fn a_scope_can_outlive_the_cache_that_it_is_of() {
    let cache = in_memory();
    let scope = cache.clone().scope(async { counted_many(&[1]).await });
    drop(cache);
    assert_eq!(tokio::spawn(scope).await.unwrap(), [(1, 1)]);
}

/// Says which cache it was dropped in.
struct Dropped<'d>(&'d Mutex<Option<Cache>>);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = Some(Cache::current());
    }
}

#[tokio::test]
async fn what_ends_before_its_time_is_dropped_in_its_scope() {
    let (cache, runs, dropped_in) = (in_memory(), Runs::default(), Mutex::default());
    let mut scope = Box::pin(cache.scope(async {
        let _dropped = Dropped(&dropped_in);
        counted(&runs, 1).await;
        pending::<()>().await;
    }));
    assert_eq!(timeout(Duration::from_millis(1), scope.as_mut()).await.ok(), None);
    drop(scope);
    let dropped_in = dropped_in.lock().unwrap().take().unwrap();
    assert_eq!(dropped_in.count_keys().await.unwrap(), cache.count_keys().await.unwrap());
}
