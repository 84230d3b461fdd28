//! Callers that come while one computes.

use super::*;
use cache_runtime::observe;
use cache_tests::{RedisServer, Runs, cache_at, eventually, in_memory, limited};

async fn all_get_one_result(cache: Cache, callers: usize) {
    let gate = Arc::new(Gate::closed());
    let calls: Vec<_> = (0..callers).map(|_| start(&cache, &gate, 7)).collect();
    gate.holds_one().await;
    settle().await;
    gate.open();
    for call in calls {
        assert_eq!(soon(call).await.unwrap(), 1007);
    }
    assert_eq!(gate.runs.count(), 1);
    let total = cache.stats().await.process.total;
    assert_eq!(total.misses, 1);
    assert_eq!(total.hits + total.coalesced, callers as u64 - 1);
}

#[tokio::test]
async fn a_thousand_on_a_cold_key_in_memory() {
    limited(all_get_one_result(in_memory(), 1000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_on_a_cold_key_in_redis() {
    let server = RedisServer::start();
    limited(all_get_one_result(cache_at(&server.url()), 200)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_on_a_cold_key_in_redis() {
    let server = RedisServer::start();
    limited(all_get_one_result(cache_at(&server.url()), 1000)).await;
}

/// Bodies that end at once, and keys that come again and again: the moment between a miss and
/// the flight's end is where a second body could slip in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_second_body_slips_in_at_the_end_of_a_flight() {
    #[redis_cache(ttl = 60, key = "quick:{n}")]
    async fn quick(runs: &Runs, n: u64) -> u64 {
        runs.one_more();
        tokio::task::yield_now().await;
        n
    }
    let server = RedisServer::start();
    limited(async {
        for cache in [in_memory(), cache_at(&server.url())] {
            for n in 0..40 {
                let runs = Arc::new(Runs::default());
                let calls: Vec<_> = (0..64)
                    .map(|_| {
                        let (cache, runs) = (cache.clone(), runs.clone());
                        tokio::spawn(async move { cache.scope(quick(&runs, n)).await })
                    })
                    .collect();
                for call in calls {
                    assert_eq!(call.await.unwrap(), n);
                }
                assert_eq!(runs.count(), 1, "key {n}");
            }
        }
    })
    .await;
}

/// Without Redis too: what cannot be stored can be shared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_body_with_redis_down() {
    let mut server = RedisServer::start();
    server.kill();
    let cache = cache_at(&server.url());
    limited(async {
        // Known to be down, so that the callers below come together.
        assert!(cache.ping().await.is_err());
        let gate = Arc::new(Gate::closed());
        let leader = start(&cache, &gate, 7);
        gate.holds_one().await;
        let waiting: Vec<_> = (0..100).map(|_| start(&cache, &gate, 7)).collect();
        eventually(DEADLINE, || async {
            settle().await;
            let errors = cache.stats().await.process.total.errors;
            errors >= 101 // each has looked, in vain, and joins without waiting for anything
        })
        .await;
        settle().await;
        gate.open();
        assert_eq!(soon(leader).await.unwrap(), 1007);
        for call in waiting {
            assert_eq!(soon(call).await.unwrap(), 1007);
        }
        assert_eq!(gate.runs.count(), 1);
    })
    .await;
}

#[tokio::test]
async fn different_keys_do_not_wait_for_one_another() {
    let (cache, held_up, free) = (in_memory(), Arc::new(Gate::closed()), Arc::new(Gate::closed()));
    let slow = start(&cache, &held_up, 1);
    held_up.holds_one().await;
    free.open();
    for n in 2..20 {
        assert_eq!(soon(start(&cache, &free, n)).await.unwrap() % 1000, n);
    }
    assert!(!slow.is_finished());
    held_up.open();
    assert_eq!(soon(slow).await.unwrap(), 1001);
}

/// Two caches are two worlds, even for one key.
#[tokio::test]
async fn caches_do_not_share_flights() {
    let (one, two, gate) = (in_memory(), in_memory(), Arc::new(Gate::closed()));
    let first = start(&one, &gate, 1);
    gate.holds_one().await;
    let second = start(&two, &gate, 1);
    soon(gate.holds_one()).await;
    gate.open();
    soon(first).await.unwrap();
    soon(second).await.unwrap();
    assert_eq!(gate.runs.count(), 2);
}

#[tokio::test]
async fn a_call_is_one_outcome_each() {
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    let (leader, waiter) = (observe(held(&gate, 1)), observe(held(&gate, 1)));
    let both = cache.scope(async { tokio::join!(leader, waiter, async { gate.open() }) });
    let ((one, led), (two, waited), ()) = soon(both).await;
    assert_eq!((one, two), (1001, 1001));
    assert_eq!((led.misses, led.coalesced, led.hits), (1, 0, 0));
    assert_eq!((waited.misses, waited.coalesced, waited.hits), (0, 1, 0));
}
