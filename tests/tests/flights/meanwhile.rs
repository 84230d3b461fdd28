//! What happens to the key while its value is being computed.

use super::*;
use cache_runtime::{bypass, refresh};
use cache_tests::{RedisServer, cache_at, in_memory, limited, moved};
use futures_util::poll;
use std::pin::pin;
use std::time::Duration;

#[derive(Debug, Clone, Copy)]
enum By {
    Key,
    WholeKey,
    Entry,
    Pattern,
    Function,
    Clear,
    Put,
}

/// Over a network it cannot be seen when a waiter has come to wait: there is none then.
async fn invalidated(cache: &Cache, by: By, with_waiter: bool) {
    limited(async {
        let gate = Arc::new(Gate::closed());
        let old = start(cache, &gate, 7);
        gate.holds_one().await;
        let waiter = with_waiter.then(|| start(cache, &gate, 7));
        settle().await;
        let entry = cache.scope(async { held_entry(7) }).await;
        match by {
            By::Key => assert!(!cache.invalidate("held:7").await.unwrap()),
            By::WholeKey => assert!(!cache.invalidate("t:held:7").await.unwrap()),
            By::Entry => assert!(!entry.invalidate().await.unwrap()),
            By::Pattern => assert_eq!(cache.invalidate_matching("hel?:*").await.unwrap(), 0),
            By::Function => {
                assert_eq!(cache.invalidate_function("flights.held").await.unwrap(), 0);
            }
            By::Clear => assert_eq!(cache.clear().await.unwrap(), 0),
            By::Put => assert!(entry.put(&42).await.unwrap()),
        }
        if matches!(by, By::Put) {
            gate.open();
            assert_eq!(soon(old).await.unwrap() % 1000, 7);
            assert_eq!(cache.scope(held(&gate, 7)).await, 42, "what was put is not overwritten");
            return;
        }
        // Who comes now must not be given what was begun before.
        let new = start(cache, &gate, 7);
        soon(gate.holds_one()).await;
        settle().await;
        gate.let_one();
        assert_eq!(soon(old).await.unwrap() % 1000, 7, "its caller has its value");
        assert_eq!(entry.get().await.unwrap(), None, "{by:?}: the old value was stored");
        gate.open();
        if let Some(waiter) = waiter {
            // It came before the invalidation: either is right.
            assert_eq!(soon(waiter).await.unwrap() % 1000, 7);
        }
        assert_eq!(soon(new).await.unwrap(), 2007, "{by:?}");
        assert_eq!(entry.get().await.unwrap(), Some(2007), "the new one is kept");
        assert_eq!(gate.runs.count(), 2);
    })
    .await;
}

const ALL: [By; 7] =
    [By::Key, By::WholeKey, By::Entry, By::Pattern, By::Function, By::Clear, By::Put];

#[tokio::test]
async fn invalidated_in_memory() {
    for by in ALL {
        invalidated(&in_memory(), by, true).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalidated_in_redis() {
    let server = RedisServer::start();
    for by in ALL {
        server.command::<()>(&["FLUSHALL"]);
        invalidated(&cache_at(&server.url()), by, false).await;
    }
}

/// Another key's invalidation is nothing to this one.
#[tokio::test]
async fn another_key_invalidated() {
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    let call = start(&cache, &gate, 7);
    gate.holds_one().await;
    cache.invalidate("held:8").await.unwrap();
    cache.invalidate_matching("held:?1").await.unwrap();
    gate.open();
    soon(call).await.unwrap();
    assert_eq!(cache.count_keys().await.unwrap(), 1);
}

/// The value's life is over when a waiter comes to take it, though it was not when it landed.
#[tokio::test]
async fn expired() {
    let ((clock, cache), gate) = (moved(), Gate::closed());
    limited(async {
        let mut leader = pin!(cache.scope(held(&gate, 7)));
        let mut waiter = pin!(cache.scope(held(&gate, 7)));
        assert!(poll!(leader.as_mut()).is_pending() && poll!(waiter.as_mut()).is_pending());
        assert_eq!(gate.runs.count(), 1);
        gate.open();
        assert_eq!(leader.await, 1007);
        clock.advance(Duration::from_secs(60));
        assert_eq!(waiter.await, 2007);
    })
    .await;
}

#[tokio::test]
async fn refreshed() {
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    limited(async {
        let old = start(&cache, &gate, 7);
        gate.holds_one().await;
        let refreshing = {
            let (cache, gate) = (cache.clone(), gate.clone());
            tokio::spawn(async move { cache.scope(refresh(held(&gate, 7))).await })
        };
        soon(gate.holds_one()).await;
        assert_eq!(gate.runs.count(), 2, "it does not wait for what is older than its wish");
        // Who comes now waits for the refresh.
        let later = start(&cache, &gate, 7);
        settle().await;
        assert_eq!(gate.runs.count(), 2);
        gate.open();
        let [old, new, later] = [old, refreshing, later];
        soon(old).await.unwrap();
        let new = soon(new).await.unwrap();
        assert_eq!(soon(later).await.unwrap(), new);
        let kept = cache.scope(async { held_entry(7) }).await.get().await.unwrap();
        assert_eq!(kept, Some(new), "the older computation does not store over the newer");
    })
    .await;
}

#[tokio::test]
async fn bypassed() {
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    limited(async {
        let leader = start(&cache, &gate, 7);
        gate.holds_one().await;
        let around = {
            let (cache, gate) = (cache.clone(), gate.clone());
            tokio::spawn(async move { cache.scope(bypass(held(&gate, 7))).await })
        };
        soon(gate.holds_one()).await;
        assert_eq!(gate.runs.count(), 2, "it neither looks nor waits");
        gate.open();
        soon(around).await.unwrap();
        soon(leader).await.unwrap();
        let total = cache.stats().await.process.total;
        assert_eq!((total.misses, total.bypassed, total.coalesced), (1, 1, 0));
        assert_eq!(cache.count_keys().await.unwrap(), 1);
    })
    .await;
}
