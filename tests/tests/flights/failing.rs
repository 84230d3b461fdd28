//! A body that ends without a value to store.

use super::*;
use cache_tests::{in_memory, limited};
use tokio::sync::Barrier;

#[derive(Debug, Clone, PartialEq)]
struct Shared(u64);

#[derive(Debug)]
struct Apart(u64);

#[redis_cache(ttl = 60, key = "shares:{n}")]
async fn shares(gate: &Gate, n: u64) -> Result<u64, Shared> {
    Err(Shared(gate.pass().await * 1000 + n))
}

#[tokio::test]
async fn an_error_that_clones_is_everybodys() {
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    limited(async {
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let (cache, gate) = (cache.clone(), gate.clone());
                tokio::spawn(async move { cache.scope(shares(&gate, 7)).await })
            })
            .collect();
        gate.holds_one().await;
        settle().await;
        gate.open();
        for call in calls {
            assert_eq!(soon(call).await.unwrap(), Err(Shared(1007)));
        }
        assert_eq!(gate.runs.count(), 1);
        assert_eq!(cache.count_keys().await.unwrap(), 0, "no error is stored");
        // The next one computes again.
        assert_eq!(cache.scope(shares(&gate, 7)).await, Err(Shared(2007)));
    })
    .await;
}

const WAITERS: usize = 20;

/// The barrier opens when all of the waiters' bodies are in at once: were they to run one after
/// another, it never would.
#[redis_cache(ttl = 60, key = "apart:{n}")]
async fn apart(gate: &Gate, all: &Barrier, n: u64) -> Result<u64, Apart> {
    if gate.runs.count() == 0 {
        gate.pass().await;
    } else {
        gate.runs.one_more();
        all.wait().await;
    }
    Err(Apart(n))
}

#[tokio::test]
async fn with_an_error_that_does_not_clone_all_run_at_once() {
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    let all = Arc::new(Barrier::new(WAITERS));
    limited(async {
        let call = || {
            let (cache, gate, all) = (cache.clone(), gate.clone(), all.clone());
            tokio::spawn(async move { cache.scope(apart(&gate, &all, 7)).await })
        };
        let leader = call();
        gate.holds_one().await;
        let waiting: Vec<_> = (0..WAITERS).map(|_| call()).collect();
        settle().await;
        assert_eq!(gate.runs.count(), 1, "they wait for the leader");
        gate.open();
        assert_eq!(soon(leader).await.unwrap().unwrap_err().0, 7);
        for call in waiting {
            assert_eq!(soon(call).await.unwrap().unwrap_err().0, 7);
        }
        assert_eq!(gate.runs.count(), 1 + WAITERS as u64);
    })
    .await;
}

#[redis_cache(ttl = 60, key = "none:{n}")]
async fn none(gate: &Gate, n: u64) -> Option<u64> {
    gate.pass().await;
    None
}

#[tokio::test]
async fn a_none_that_is_not_stored_is_everybodys() {
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    limited(async {
        let calls: Vec<_> = (0..50)
            .map(|_| {
                let (cache, gate) = (cache.clone(), gate.clone());
                tokio::spawn(async move { cache.scope(none(&gate, 7)).await })
            })
            .collect();
        gate.holds_one().await;
        settle().await;
        gate.open();
        for call in calls {
            assert_eq!(soon(call).await.unwrap(), None);
        }
        assert_eq!(gate.runs.count(), 1, "one body for all that waited");
        assert_eq!(cache.count_keys().await.unwrap(), 0);
        assert_eq!(cache.scope(none(&gate, 7)).await, None);
        assert_eq!(gate.runs.count(), 2, "and the next one computes");
    })
    .await;
}

#[redis_cache(ttl = 60, key = "unfit:{n}", max_size = 10)]
async fn unfit(gate: &Gate, n: u64) -> String {
    gate.pass().await;
    n.to_string().repeat(100)
}

#[tokio::test]
async fn a_value_too_large_to_store_is_everybodys() {
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    limited(async {
        let calls: Vec<_> = (0..20)
            .map(|_| {
                let (cache, gate) = (cache.clone(), gate.clone());
                tokio::spawn(async move { cache.scope(unfit(&gate, 7)).await })
            })
            .collect();
        gate.holds_one().await;
        settle().await;
        gate.open();
        for call in calls {
            assert_eq!(soon(call).await.unwrap(), "7".repeat(100));
        }
        assert_eq!(gate.runs.count(), 1);
        assert_eq!(cache.count_keys().await.unwrap(), 0);
    })
    .await;
}
