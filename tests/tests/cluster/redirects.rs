//! A node says that somebody else has the key, or that nobody has it now: an answer, and no outage.

use super::*;
use cache_tests::{cache_at, limited};

/// Nobody tells the cache.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_has_moved() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    let logs = logs(&cluster);
    limited(async {
        let mut all = Vec::new();
        for from in 0..3 {
            let to = (from + 1) % 3;
            let numbers = cluster.numbers(from, 2, key);
            warm(&cache, &world, &numbers).await;
            for n in &numbers {
                cluster.move_slot(cluster.slot(&key(*n)), to);
            }
            all_hit(&cache, &world, &numbers).await;
            cluster.settled();
            // One who has not heard of it yet may have said so to the cache.
            eventually(DEADLINE, || async {
                let before = all_errors(&cluster, "MOVED");
                all_hit(&cache, &world, &numbers).await;
                all_errors(&cluster, "MOVED") == before
            })
            .await;
            all.extend(numbers);
        }
        // Writers, and what is stored anew, go there at once.
        for n in all {
            let raised = called(&cache, raise(&world, n)).await.0.1;
            assert!(!is_anywhere(&cluster, &key(n)));
            assert_eq!(call(&cache, &world, n).await.0, raised);
            assert!(is_anywhere(&cluster, &key(n)));
        }
        no_breaker_is_open(&cache).await;
        assert_eq!(warned(&logs), [""; 0]);
    })
    .await;
}

/// The first that anybody does about a slot after it has moved.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_comes_first() {
    let cluster = Cluster::of_primaries();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        let numbers = cluster.numbers(0, 3, key);
        warm(&one, &world, &numbers).await;
        warm(&other, &world, &cluster.numbers(1, 1, key)).await;
        for n in &numbers {
            cluster.move_slot(cluster.slot(&key(*n)), 2);
        }
        let raised = called(&other, raise(&world, numbers[0])).await.0.1;
        assert_eq!(other.invalidate(&format!("n:{}", numbers[1])).await, Ok(true));
        assert!(!is_anywhere(&cluster, &key(numbers[0])));
        assert!(!is_anywhere(&cluster, &key(numbers[1])));
        assert_eq!(call(&one, &world, numbers[0]).await.0, raised);
        assert!(other.clear().await.is_ok());
        assert_eq!(cluster.keys(), [""; 0]);
    })
    .await;
}

/// Half of its keys are at the old place and half at the new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_in_the_middle_of_its_move() {
    let cluster = Cluster::of_primaries();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    let logs = logs(&cluster);
    let read = async |cache: &Cache, n: u64| {
        let (value, observed, _) = called(cache, in_one(&world, n)).await;
        assert_eq!(value.0, n);
        (value.1, outcome(observed))
    };
    limited(async {
        for n in 1..=8 {
            read(&one, n).await;
            assert_eq!(read(&other, n).await, (1, "hit"));
        }
        let elsewhere: Vec<_> = (0..3).flat_map(|node| cluster.numbers(node, 2, key)).collect();
        warm(&one, &world, &elsewhere).await;
        let slot = cluster.slot(&key_in_one(1));
        let to = (cluster.owner(slot).unwrap() + 1) % 3;
        let moving = cluster.begin_move(slot, to);
        for n in 1..=4 {
            assert!(moving.key(&key_in_one(n)));
        }
        for n in 1..=8 {
            assert_eq!(read(&one, n).await, (1, "hit"), "{n}");
        }
        // What is missing is computed, and cannot be stored now.
        for n in 9..=12 {
            assert_eq!(read(&one, n).await, (1, "miss"), "{n}");
        }
        let entry = one.scope(async { in_one_entry(1) }).await;
        assert_eq!(entry.get().await, Ok(Some((1, 1))));
        assert!(entry.ttl().await.unwrap().is_some());
        // What is invalidated is gone, wherever it is.
        for n in [1, 5] {
            let raised = called(&other, raise_in_one(&world, n)).await.0.1;
            assert!(!is_anywhere(&cluster, &key_in_one(n)), "{n}");
            assert_eq!(read(&one, n).await.0, raised);
        }
        assert_eq!(other.invalidate("{one}:2").await, Ok(true));
        assert_eq!(other.invalidate("{one}:6").await, Ok(true));
        assert_eq!(other.invalidate("{one}:13").await, Ok(false));
        assert!(!is_anywhere(&cluster, &key_in_one(2)) && !is_anywhere(&cluster, &key_in_one(6)));
        for cache in [&one, &other] {
            assert_eq!(cache.stats().await.journal.queued, 0, "nothing had to wait");
            no_breaker_is_open(cache).await;
        }
        all_hit(&one, &world, &elsewhere).await;
        moving.finish();
        let version = world.version();
        for n in [1, 2, 5, 6, 9, 12] {
            eventually(DEADLINE, || async { read(&one, n).await == (version, "hit") }).await;
        }
        for n in [3, 4, 7, 8] {
            assert_eq!(read(&one, n).await, (1, "hit"));
        }
        assert_eq!(warned(&logs), [""; 0]);
    })
    .await;
}

/// A body that began before an invalidation is not stored, wherever its lease is by then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_overtaken_in_the_middle_of_a_move() {
    let cluster = Cluster::of_primaries();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        // Whether there is a value beside the lease, and what of the two has moved.
        let scenes = [(false, 0), (false, 1), (true, 0), (true, 1), (true, 2), (true, 3)];
        for (n, (with_value, moved)) in (1..).zip(scenes) {
            if with_value {
                called(&other, in_one(&world, n)).await;
            }
            let before = world.version();
            let seen = world.readers();
            world.reading.close();
            let old = tokio::spawn({
                let (one, world) = (one.clone(), world.clone());
                async move {
                    let call = cache_runtime::refresh(in_one(&world, n));
                    called(&one, call).await.0.1
                }
            });
            world.reading.reached(seen + 1).await;
            let slot = cluster.slot(&key_in_one(n));
            let to = (cluster.owner(slot).unwrap() + 1) % 3;
            let moving = cluster.begin_move(slot, to);
            let is_lease = |key: &str| key.contains("~lease:");
            for key in moving.left() {
                let moves = match moved {
                    1 => is_lease(&key),
                    2 => key == key_in_one(n),
                    3 => true,
                    _ => false,
                };
                assert!(!moves || moving.key(&key));
            }
            let raised = called(&other, raise_in_one(&world, n)).await.0.1;
            assert_eq!(raised, before + 1);
            assert_eq!(other.stats().await.journal.waiting, 0);
            world.reading.open();
            assert_eq!(old.await.unwrap(), before);
            moving.finish();
            for cache in [&other, &one] {
                let now = called(cache, in_one(&world, n)).await.0.1;
                assert_eq!(now, raised, "value: {with_value}, moved: {moved}");
            }
        }
        no_breaker_is_open(&one).await;
    })
    .await;
}

/// Each of two nodes says that the other has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circle_is_left() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let numbers = cluster.numbers(0, 1, key);
        let elsewhere = cluster.numbers(1, 3, key);
        warm(&cache, &world, &numbers).await;
        warm(&cache, &world, &elsewhere).await;
        let slot = cluster.slot(&key(numbers[0])).to_string();
        let id = |node: usize| cluster.node(node).command::<String>(&["CLUSTER", "MYID"]);
        let tell = |node: usize, owner: usize| {
            let _ = cluster.node(node).try_command::<()>(&["DEL", &key(numbers[0])]);
            let words = ["CLUSTER", "SETSLOT", &slot, "NODE", &id(owner)];
            cluster.node(node).command::<()>(&words);
        };
        tell(0, 1);
        let before = all_errors(&cluster, "MOVED");
        let calls = 20;
        for _ in 0..calls {
            assert_eq!(call(&cache, &world, numbers[0]).await.1.misses, 1);
        }
        let moved = all_errors(&cluster, "MOVED") - before;
        assert!(moved > 0, "the scene is not what it is to be");
        // A look, the request for a lease, and one to store it: three messages at most, with two
        // redirects each.
        assert!(moved <= calls * 9, "{moved} detours of {calls} calls");
        all_hit(&cache, &world, &elsewhere).await;
        no_breaker_is_open(&cache).await;
        tell(0, 0);
        warm(&cache, &world, &numbers).await;
    })
    .await;
}

/// Nobody has the slot: its calls run their bodies, and the others do not notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_nobody_has() {
    let cluster = Cluster::builder().going_on().start();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let numbers = cluster.numbers(0, 2, key);
        let elsewhere: Vec<_> = (0..3).flat_map(|node| cluster.numbers(node, 9, key)).collect();
        let elsewhere: Vec<_> = elsewhere.into_iter().filter(|n| !numbers.contains(n)).collect();
        warm(&cache, &world, &numbers).await;
        warm(&cache, &world, &elsewhere).await;
        let slot = cluster.slot(&key(numbers[0])).to_string();
        for node in cluster.nodes() {
            let _ = node.try_command::<()>(&["CLUSTER", "DELSLOTS", &slot]);
        }
        for _ in 0..5 {
            assert_eq!(call(&cache, &world, numbers[0]).await.1.misses, 1);
            all_hit(&cache, &world, &elsewhere).await;
        }
        no_breaker_is_open(&cache).await;
        // A writer is not held up, and what it could not say waits.
        let raised = called(&cache, raise(&world, numbers[0])).await.0.1;
        assert_eq!(cache.stats().await.journal.waiting, 1);
        assert_eq!(call(&cache, &world, numbers[0]).await.0, raised);
        cluster.node(0).command::<()>(&["CLUSTER", "ADDSLOTS", &slot]);
        replayed(&cache).await;
        warm(&cache, &world, &numbers).await;
        assert_eq!(call(&cache, &world, numbers[0]).await.0, raised);
    })
    .await;
}
