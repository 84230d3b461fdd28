//! `single_flight`: who waits for whom, and that nothing stale is stored whoever does.

use cache_runtime::redis_cache;
use cache_tests::{DEADLINE, Gate, Scene, cache_at, called, limited};
use futures_util::future::join_all;
use tokio::time::timeout;

#[redis_cache(ttl = 60, key = "v", single_flight = "cluster")]
async fn cluster(gate: &Gate) -> u64 {
    gate.pass().await
}

#[redis_cache(ttl = 60, key = "v", single_flight = "process")]
async fn process(gate: &Gate) -> u64 {
    gate.pass().await
}

#[redis_cache(ttl = 60, key = "v", single_flight = "off")]
async fn off(gate: &Gate) -> u64 {
    gate.pass().await
}

#[tokio::test]
async fn process_neither_waits_for_another_process_nor_stores_beside_it() {
    limited(async {
        let Scene { server: _server, one, other, .. } = Scene::start();
        let (first, second) = (Gate::closed(), Gate::closed());
        second.open();
        let (held, ()) = tokio::join!(one.scope(process(&first)), async {
            first.holds_one().await;
            let calls = join_all((0..10).map(|_| called(&other, process(&second))));
            let calls = timeout(DEADLINE, calls).await.expect("none waits for the other process");
            let misses = calls.iter().filter(|(_, observed, _)| observed.misses == 1).count();
            assert!(misses as u64 == second.runs.count() && misses >= 1);
            assert_eq!(other.scope(async { process_entry().get().await }).await, Ok(None));
            first.let_one();
        });
        let stored = other.scope(async { process_entry().get().await }).await;
        assert_eq!((held, stored), (1, Ok(Some(1))));
    })
    .await;
}

#[tokio::test]
async fn process_shares_one_computation_within() {
    limited(async {
        let Scene { server: _server, one, .. } = Scene::start();
        let gate = Gate::closed();
        let calls = join_all((0..20).map(|_| one.scope(process(&gate))));
        let (values, ()) = tokio::join!(calls, async {
            gate.holds_one().await;
            gate.open();
        });
        assert_eq!((values, gate.runs.count()), (vec![1; 20], 1));
    })
    .await;
}

#[tokio::test]
async fn off_runs_every_body_and_one_of_them_is_stored() {
    limited(async {
        let Scene { server: _server, one, .. } = Scene::start();
        let gate = Gate::closed();
        let calls = join_all((0..20).map(|_| one.scope(off(&gate))));
        let (_, ()) = tokio::join!(calls, async {
            gate.reached(20).await;
            gate.open();
        });
        let (_, observed, _) = called(&one, off(&gate)).await;
        assert_eq!((observed.hits, gate.runs.count()), (1, 20));
    })
    .await;
}

#[tokio::test]
async fn no_kind_stores_what_was_invalidated_meanwhile() {
    limited(async {
        let Scene { server: _server, one, other, .. } = Scene::start();
        macro_rules! check {
            ($($function:ident)*) => {$(
                for invalidator in [&one, &other] {
                    let gate = Gate::closed();
                    let (old, ()) = tokio::join!(one.scope($function(&gate)), async {
                        gate.holds_one().await;
                        invalidator.invalidate("v").await.unwrap();
                        gate.open();
                    });
                    assert_eq!(old, 1);
                    assert_eq!(other.scope($function(&gate)).await, 2);
                    one.clear().await.unwrap();
                }
            )*};
        }
        check!(cluster process off);
    })
    .await;
}

#[tokio::test]
async fn without_redis_off_still_answers() {
    limited(async {
        let cache = cache_at("redis://127.0.0.1:1");
        let gate = Gate::closed();
        gate.open();
        let (value, observed, _) = called(&cache, off(&gate)).await;
        assert_eq!((value, observed.misses), (1, 1));
    })
    .await;
}
