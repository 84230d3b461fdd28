//! A leader that does not come to its end.

use super::*;
use cache_tests::{Runs, builder_at, in_memory, limited};
use futures_util::FutureExt;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::Notify;

/// How a leader leaves its waiters.
async fn somebody_takes_over(leave: impl FnOnce(JoinHandle<u64>, &Gate)) {
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    limited(async {
        let leader = start(&cache, &gate, 7);
        gate.holds_one().await;
        let waiting: Vec<_> = (0..50).map(|_| start(&cache, &gate, 7)).collect();
        settle().await;
        assert_eq!(gate.runs.count(), 1);
        leave(leader, &gate);
        soon(gate.holds_one()).await;
        settle().await;
        assert_eq!(gate.runs.count(), 2, "one takes over, not all");
        gate.open();
        for call in waiting {
            assert_eq!(soon(call).await.unwrap(), 2007);
        }
        assert_eq!(gate.runs.count(), 2);
    })
    .await;
}

#[tokio::test]
async fn aborted() {
    somebody_takes_over(|leader, _| leader.abort()).await;
}

/// A body that tries to have another one run as it is dropped.
#[redis_cache(ttl = 60, key = "leaving:{n}")]
async fn leaving(cache: &Cache, runs: &Arc<Runs>, n: u64) -> u64 {
    runs.one_more();
    let _next = (runs.count() == 1).then(|| Next(cache.clone(), runs.clone()));
    std::future::pending().await
}

struct Next(Cache, Arc<Runs>);

impl Drop for Next {
    fn drop(&mut self) {
        let another = pin!(self.0.scope(leaving(&self.0, &self.1, 7)));
        assert!(another.now_or_never().is_none());
        assert_eq!(self.1.count(), 1, "two bodies at once");
    }
}

#[tokio::test]
async fn its_body_is_gone_before_another_one_runs() {
    let (cache, runs) = (in_memory(), Arc::<Runs>::default());
    let mut leader = Box::pin(cache.scope(leaving(&cache, &runs, 7)));
    assert!(leader.as_mut().now_or_never().is_none());
    assert_eq!(runs.count(), 1);
    drop(leader);
    assert_eq!(runs.count(), 1);
}

#[tokio::test]
async fn dropped_inside_a_select() {
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    limited(async {
        let stop = Arc::new(Notify::new());
        let leader = {
            let (cache, gate, stop) = (cache.clone(), gate.clone(), stop.clone());
            tokio::spawn(async move {
                tokio::select! {
                    _ = cache.scope(held(&gate, 7)) => panic!("the body is held"),
                    () = stop.notified() => {}
                }
                // The task lives on: only the call is gone.
                std::future::pending::<()>().await;
            })
        };
        gate.holds_one().await;
        let waiter = start(&cache, &gate, 7);
        settle().await;
        stop.notify_one();
        soon(gate.holds_one()).await;
        gate.open();
        assert_eq!(soon(waiter).await.unwrap(), 2007);
        leader.abort();
    })
    .await;
}

#[tokio::test]
async fn cancelled_by_a_timeout_again_and_again() {
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    limited(async {
        let mut calls: Vec<_> = (0..10).map(|_| start(&cache, &gate, 7)).collect();
        for n in 1..10 {
            soon(gate.holds_one()).await;
            assert_eq!(gate.runs.count(), n);
            // Whoever leads now is gone; nobody knows who that is, so all but the last try.
            let lead = calls.remove(0);
            lead.abort();
            settle().await;
        }
        gate.open();
        assert_eq!(soon(calls.remove(0)).await.unwrap() % 1000, 7);
    })
    .await;
}

#[tokio::test]
async fn panicking() {
    #[redis_cache(ttl = 60, key = "panics:{n}")]
    async fn panics_at_first(gate: &Gate, n: u64) -> u64 {
        gate.pass().await;
        assert!(gate.runs.count() > 1, "the first run panics");
        n
    }
    let (cache, gate) = (in_memory(), Arc::new(Gate::closed()));
    limited(async {
        let call = || {
            let (cache, gate) = (cache.clone(), gate.clone());
            tokio::spawn(async move { cache.scope(panics_at_first(&gate, 7)).await })
        };
        let leader = call();
        gate.holds_one().await;
        let waiting: Vec<_> = (0..20).map(|_| call()).collect();
        settle().await;
        gate.let_one();
        assert!(soon(leader).await.unwrap_err().is_panic(), "its own panic is its caller's");
        soon(gate.holds_one()).await;
        gate.open();
        for call in waiting {
            assert_eq!(soon(call).await.unwrap(), 7);
        }
        assert_eq!(gate.runs.count(), 2);
    })
    .await;
}

/// A future that was polled once and then kept: it is not cancelled, and never goes on.
#[tokio::test(start_paused = true)]
async fn never_polled_again() {
    let wait = Duration::from_secs(3);
    let cache = builder_at("memory://").wait(wait).build().unwrap();
    let gate = Arc::new(Gate::closed());
    let mut stuck = Box::pin(cache.scope(held(&gate, 7)));
    assert!(futures_util::poll!(&mut stuck).is_pending());
    gate.holds_one().await;
    let begun = tokio::time::Instant::now();
    gate.open();
    let waiting: Vec<_> = (0..5).map(|_| start(&cache, &gate, 7)).collect();
    for call in waiting {
        let value = call.await.unwrap();
        assert_eq!(value % 1000, 7);
        assert!(value > 1007, "computed by itself");
    }
    let waited = begun.elapsed();
    assert!(waited <= wait + Duration::from_millis(100), "{waited:?}");
    assert_eq!(cache.count_keys().await.unwrap(), 0, "who gave up waiting does not store");
    assert_eq!(stuck.await % 1000, 7);
}

/// A call that waits for itself, by way of its own body, must not wait for ever.
#[tokio::test(start_paused = true)]
async fn waiting_for_itself() {
    #[redis_cache(ttl = 60, key = "inner")]
    async fn inside(depth: u64) -> u64 {
        if depth == 0 { 0 } else { 1 + Box::pin(inside(depth - 1)).await }
    }
    let wait = Duration::from_secs(1);
    let cache = builder_at("memory://").wait(wait).build().unwrap();
    let all = tokio::time::timeout(Duration::from_secs(60), cache.scope(inside(2)));
    assert_eq!(all.await.expect("it ends"), 2);
}

/// A wait without an end is one that no clock can say the end of.
#[tokio::test]
async fn to_wait_for_ever_is_to_wait() {
    let for_ever = builder_at("memory://").wait(Duration::MAX);
    let (cache, gate) =
        (for_ever.timeout(Duration::MAX).build().unwrap(), Arc::new(Gate::closed()));
    limited(async {
        let (leader, waiter) = (start(&cache, &gate, 7), start(&cache, &gate, 7));
        gate.holds_one().await;
        settle().await;
        gate.open();
        assert_eq!((soon(leader).await.unwrap(), soon(waiter).await.unwrap()), (1007, 1007));
    })
    .await;
}
