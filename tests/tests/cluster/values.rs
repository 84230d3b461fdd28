//! Nothing is wrong: values, entries, writers and leases on three primaries.

use super::*;
use cache_runtime::{Status, redis_put};
use cache_tests::{cache_at, free_port, is_stored, limited, stored};
use futures_util::future::join_all;
use std::sync::Arc;

/// With all that can be said of time.
#[redis_cache(
    ttl = 60,
    key = "report:{n}",
    early_refresh,
    stale_while_revalidate = "60s",
    stale_if_error = "120s"
)]
async fn report(world: World, n: u64) -> Result<Number, String> {
    world.try_read().await.map(|version| (n, version))
}

#[redis_put(number(n))]
async fn save(world: &World, n: u64) -> Number {
    (n, world.commit().await)
}

#[redis_cache(ttl = 600, key = "kept:{n}", l1)]
async fn kept(world: &World, n: u64) -> Arc<Number> {
    Arc::new((n, world.read().await))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_value_is_on_the_node_of_its_slot() {
    let cluster = Cluster::of_primaries();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        for node in 0..3 {
            for n in cluster.numbers(node, 10, key) {
                assert_eq!(outcome(call(&one, &world, n).await.1), "miss");
                assert_eq!(stored(cluster.node(node), &key(n)), Some(format!("[{n},1]")));
                assert_eq!(outcome(call(&one, &world, n).await.1), "hit");
                assert_eq!(outcome(call(&other, &world, n).await.1), "hit");
            }
        }
        let before = all_errors(&cluster, "MOVED");
        for n in 1..100 {
            call(&one, &world, n).await;
        }
        assert_eq!(all_errors(&cluster, "MOVED"), before, "nobody is asked who has not the slot");
        for cache in [&one, &other] {
            cache.ping().await.unwrap();
            let stats = cache.stats().await;
            assert_eq!((stats.status, stats.breaker), (Status::Connected, BreakerState::Closed));
            let server = stats.server.unwrap();
            assert!(server.version.is_some() && server.keyspace_hits >= Some(60), "{server:?}");
        }
        let stored = cluster.keys().len() as u64;
        assert_eq!(one.count_keys().await, Ok(stored));
        assert_eq!(one.clear().await, Ok(stored));
        assert_eq!(cluster.keys(), [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_entries_and_windows() {
    let cluster = Cluster::of_primaries();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        for node in 0..3 {
            let n = cluster.numbers(node, 1, key)[0];
            let version = call(&one, &world, n).await.0;
            let raised = called(&one, raise(&world, n)).await.0.1;
            assert_eq!(raised, version + 1);
            assert!(!is_stored(cluster.node(node), &key(n)));
            assert_eq!(call(&other, &world, n).await.0, raised);
            let saved = called(&other, save(&world, n)).await.0.1;
            let (version, observed) = call(&one, &world, n).await;
            assert_eq!((version, outcome(observed)), (saved, "hit"), "what was put");

            let entry = one.scope(async { number_entry(n) }).await;
            assert_eq!(entry.get().await, Ok(Some((n, saved))));
            let ttl = entry.ttl().await.unwrap().unwrap();
            assert!(ttl > Duration::from_secs(500), "{ttl:?}");
            assert_eq!(entry.put(&(n, 99)).await, Ok(true));
            assert_eq!(call(&other, &world, n).await.0, 99);
            assert_eq!(entry.invalidate().await, Ok(true));
            assert_eq!(entry.get().await, Ok(None));

            assert_eq!(called(&one, report(world.clone(), n)).await.1.misses, 1);
            assert_eq!(called(&other, report(world.clone(), n)).await.1.hits, 1);
            let key = format!("t:report:{n}");
            let ttl: i64 = cluster.command(&key, &["PTTL", &key]);
            assert!(ttl > 60_000, "with its windows: {ttl}");
        }
        no_breaker_is_open(&one).await;
        no_breaker_is_open(&other).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_answers_is_enough_to_find_all() {
    let cluster = Cluster::of_primaries();
    let url = format!("redis-cluster://127.0.0.1:{},{}", free_port(), cluster.node(2).address());
    let (cache, world) = (cache_at(&url), World::default());
    limited(async {
        for node in 0..3 {
            let numbers = cluster.numbers(node, 3, key);
            warm(&cache, &world, &numbers).await;
            assert!(numbers.iter().all(|n| is_stored(cluster.node(node), &key(*n))));
        }
    })
    .await;
}

/// Reads that go together go in few messages to each node. (In one thread, so that all are asked for
/// before any is sent.)
#[tokio::test]
async fn many_at_once() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    let reads = |node: usize| {
        let stats: String = cluster.node(node).command(&["INFO", "stats"]);
        let line = stats.lines().find_map(|line| line.strip_prefix("total_reads_processed:"));
        line.unwrap().parse::<u64>().unwrap()
    };
    limited(async {
        let all = async || {
            let calls = join_all((1..=600).map(|n| call(&cache, &world, n))).await;
            calls.iter().fold((0, 0), |(hits, misses), (_, observed)| {
                (hits + observed.hits, misses + observed.misses)
            })
        };
        assert_eq!(all().await, (0, 600));
        // A machine that is so busy that leases run out has some of them computed again.
        eventually(DEADLINE, || async { all().await == (600, 0) }).await;
        let before = [0, 1, 2].map(reads);
        assert_eq!(all().await, (600, 0));
        for (node, before) in before.into_iter().enumerate() {
            let read = reads(node) - before;
            assert!(read < 50, "node {node} has read {read} times for some 200 keys");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_body_for_all_processes() {
    let cluster = Cluster::of_primaries();
    let world = World::default();
    let caches = [(); 3].map(|()| cache_at(&cluster.url()));
    limited(async {
        for (node, bodies) in (0..3).zip(1..) {
            let n = cluster.numbers(node, 1, key)[0];
            world.reading.close();
            let calls = caches.clone().map(|cache| {
                let world = world.clone();
                tokio::spawn(async move { call(&cache, &world, n).await })
            });
            world.reading.reached(bodies).await;
            world.reading.open();
            for call in calls {
                assert_eq!(call.await.unwrap().0, 1);
            }
            assert_eq!(world.readers(), bodies);
        }
    })
    .await;
}

/// Whether or not the nodes say what changes: nobody serves an old value for longer than with one
/// server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_in_this_process_is_what_redis_has() {
    let cluster = Cluster::of_primaries();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        let numbers: Vec<_> =
            (0..3).flat_map(|node| cluster.numbers(node, 2, |n| format!("t:kept:{n}"))).collect();
        let all = async |cache: &Cache, version: u64| {
            for n in &numbers {
                eventually(DEADLINE, || async {
                    let (value, observed, _) = called(cache, kept(&world, *n)).await;
                    *value == (*n, version) && observed.hits == 1
                })
                .await;
            }
        };
        all(&one, 1).await;
        all(&other, 1).await;
        world.changes();
        for n in &numbers {
            other.scope(async { kept_entry(*n).invalidate().await }).await.unwrap();
            assert_eq!(*other.scope(kept(&world, *n)).await, (*n, 2), "in the process that wrote");
        }
        all(&one, 2).await;
        all(&other, 2).await;
    })
    .await;
}
