//! `single_flight`: who waits for whom, and that nothing stale is stored whoever does.

use crate::common::{Runs, cache_at, called, limited};
use cache_runtime::{Cache, redis_cache};
use cache_tests::RedisServer;
use futures_util::future::join_all;
use tokio::sync::{Notify, Semaphore};

/// A body that says when it runs, and goes on when it is let.
#[derive(Debug)]
struct Gate {
    runs: Runs,
    began: Notify,
    open: Semaphore,
}

impl Gate {
    fn new() -> Self {
        Self { runs: Runs::default(), began: Notify::new(), open: Semaphore::new(0) }
    }

    async fn pass(&self) -> u64 {
        self.runs.one_more();
        let mine = self.runs.count();
        self.began.notify_one();
        drop(self.open.acquire().await.unwrap());
        mine
    }
}

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

fn two_processes(server: &RedisServer) -> [Cache; 2] {
    [(); 2].map(|()| cache_at(&server.url()))
}

/// One call whose body has begun, and which waits in it.
async fn leader<F: Future<Output = u64>>(cache: &Cache, gate: &Gate, call: F) -> u64 {
    let (value, ()) = tokio::join!(cache.scope(call), async {
        gate.began.notified().await;
        gate.open.add_permits(100);
    });
    value
}

#[tokio::test]
async fn process_neither_waits_for_another_process_nor_stores_beside_it() {
    limited(async {
        let server = RedisServer::start();
        let [one, other] = two_processes(&server);
        let (first, second) = (Gate::new(), Gate::new());
        second.open.add_permits(100);
        let (held, ()) = tokio::join!(one.scope(process(&first)), async {
            first.began.notified().await;
            let calls = join_all((0..10).map(|_| called(&other, process(&second)))).await;
            let misses = calls.iter().filter(|(_, observed, _)| observed.misses == 1).count();
            assert!(calls.iter().all(|(_, _, took)| took.as_secs() < 5), "it waited");
            assert!(misses as u64 == second.runs.count() && misses >= 1);
            assert_eq!(other.scope(async { process_entry().get().await }).await, Ok(None));
            first.open.add_permits(1);
        });
        let stored = other.scope(async { process_entry().get().await }).await;
        assert_eq!((held, stored), (1, Ok(Some(1))));
    })
    .await;
}

#[tokio::test]
async fn process_shares_one_computation_within() {
    limited(async {
        let server = RedisServer::start();
        let [one, _] = two_processes(&server);
        let gate = Gate::new();
        let calls = join_all((0..20).map(|_| one.scope(process(&gate))));
        let (values, ()) = tokio::join!(calls, async {
            gate.began.notified().await;
            gate.open.add_permits(100);
        });
        assert_eq!((values, gate.runs.count()), (vec![1; 20], 1));
    })
    .await;
}

#[tokio::test]
async fn off_runs_every_body_and_one_of_them_is_stored() {
    limited(async {
        let server = RedisServer::start();
        let [one, _] = two_processes(&server);
        let gate = Gate::new();
        let calls = join_all((0..20).map(|_| one.scope(off(&gate))));
        let (_, ()) = tokio::join!(calls, async {
            cache_tests::eventually(std::time::Duration::from_secs(5), || async {
                gate.runs.count() == 20
            })
            .await;
            gate.open.add_permits(100);
        });
        let (_, observed, _) = called(&one, off(&gate)).await;
        assert_eq!((observed.hits, gate.runs.count()), (1, 20));
    })
    .await;
}

#[tokio::test]
async fn no_kind_stores_what_was_invalidated_meanwhile() {
    limited(async {
        let server = RedisServer::start();
        let [one, other] = two_processes(&server);
        macro_rules! check {
            ($($function:ident)*) => {$(
                for invalidator in [&one, &other] {
                    let gate = Gate::new();
                    let (old, ()) = tokio::join!(one.scope($function(&gate)), async {
                        gate.began.notified().await;
                        invalidator.invalidate("v").await.unwrap();
                        gate.open.add_permits(100);
                    });
                    assert_eq!(old, 1);
                    assert_eq!(leader(&other, &gate, $function(&gate)).await, 2);
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
        let gate = Gate::new();
        gate.open.add_permits(100);
        let (value, observed, _) = called(&cache, off(&gate)).await;
        assert_eq!((value, observed.misses), (1, 1));
    })
    .await;
}
