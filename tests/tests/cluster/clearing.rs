//! Patterns, `clear` and `count_keys`: of all primaries, and of what moves meanwhile.

use super::*;
use cache_tests::{cache_at, limited};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const MANY: u64 = 3_000;

/// Keys as the function would have them, in the slots of all nodes.
fn fill(cluster: &Cluster, numbers: impl Iterator<Item = u64>) {
    let keys: Vec<_> = numbers.map(|n| (n, key(n))).collect();
    let slots = cluster.slots(&keys.iter().map(|(_, key)| key).collect::<Vec<_>>());
    let owners = cluster.owners(&slots);
    for node in 0..cluster.nodes().len() {
        let mut pipe = redis::pipe();
        for ((n, key), owner) in keys.iter().zip(&owners) {
            if *owner == Some(node) {
                pipe.cmd("SET").arg(key).arg(format!("[{n},1]")).arg("PX").arg(600_000).ignore();
            }
        }
        if !pipe.is_empty() {
            pipe.exec(&mut cluster.node(node).connection().unwrap()).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_all_nodes() {
    let cluster = Cluster::of_primaries();
    let cache = cache_at(&cluster.url());
    fill(&cluster, 1..=MANY);
    cluster.command::<()>("foreign", &["SET", "foreign", "x"]);
    limited(async {
        assert_eq!(cache.count_keys().await, Ok(MANY));
        assert_eq!(cache.invalidate_matching("n:1??").await, Ok(100));
        assert_eq!(cache.count_keys().await, Ok(MANY - 100));
        assert_eq!(cache.invalidate_function("cluster.number").await, Ok(MANY - 100));
        assert_eq!(cluster.keys(), ["foreign"]);
        fill(&cluster, 1..=MANY);
        assert_eq!(cache.clear().await, Ok(MANY));
        assert_eq!(cluster.keys(), ["foreign"]);
    })
    .await;
}

/// On a node that this process has not heard of, since nobody sent it there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_gone_to_a_new_node() {
    let cluster = Cluster::builder().spare().start();
    let spare = cluster.nodes().len() - 1;
    let cache = cache_at(&cluster.url());
    limited(async {
        fill(&cluster, 1..=100);
        assert_eq!(cache.count_keys().await, Ok(100));
        for n in cluster.numbers(0, 3, key) {
            cluster.move_slot(cluster.slot(&key(n)), spare);
        }
        assert_eq!(cache.clear().await, Ok(100));
        assert_eq!(cluster.keys(), [""; 0]);
    })
    .await;
}

/// From a node that the scan comes to later to one where it has been, and back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_slots_move_to_and_fro() {
    let cluster = Arc::new(Cluster::of_primaries());
    let cache = cache_at(&cluster.url());
    limited(async {
        for round in 0..3 {
            fill_wherever(&cluster, &cache).await;
            let moved = [0, 1, 2].map(|node| cluster.numbers(node, 30, key));
            let (stop, busy) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
            let mover = std::thread::spawn({
                let (cluster, stop, busy) = (cluster.clone(), stop.clone(), busy.clone());
                move || {
                    for turn in 1.. {
                        for n in moved.iter().flatten() {
                            let slot = cluster.slot(&key(*n));
                            cluster.move_slot(slot, (cluster.owner(slot).unwrap() + turn) % 3);
                            busy.store(true, Ordering::SeqCst);
                            if stop.load(Ordering::SeqCst) {
                                return;
                            }
                        }
                    }
                }
            });
            eventually(DEADLINE, || async { busy.load(Ordering::SeqCst) }).await;
            let cleared = cache.clear().await;
            let left = cluster.keys();
            stop.store(true, Ordering::SeqCst);
            mover.join().unwrap();
            println!("round {round}: {cleared:?}");
            // Who cannot say that it has seen all says so.
            match cleared {
                Ok(count) => assert!(left.is_empty(), "{count} gone, and left are {left:?}"),
                Err(_) => drop(cache.clear().await.unwrap()),
            }
            assert_eq!(cluster.keys(), [""; 0]);
        }
    })
    .await;
}

/// As [`fill`], wherever the slots are by now.
async fn fill_wherever(cluster: &Cluster, cache: &Cache) {
    let world = World::default();
    let all = || async {
        let all = (1..=300).map(|n| call(cache, &world, n));
        futures_util::future::join_all(all).await;
        cluster.keys().len() >= 300
    };
    eventually(DEADLINE, all).await;
}

/// Nobody knows how long it will be so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_move_stands_still() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        for n in 1..=20 {
            called(&cache, in_one(&world, n)).await;
        }
        let numbers: Vec<_> = (0..3).flat_map(|node| cluster.numbers(node, 3, key)).collect();
        warm(&cache, &world, &numbers).await;
        for (round, back) in [(0, true), (1, true), (2, false)] {
            let slot = cluster.slot(&key_in_one(1));
            let to = (cluster.owner(slot).unwrap() + 1) % 3;
            let moving = cluster.begin_move(slot, to);
            for n in 1..=10 {
                moving.key(&key_in_one(n));
            }
            let counted = cache.count_keys().await;
            let cleared = cache.clear().await;
            println!("round {round}: counted {counted:?}, cleared {cleared:?}");
            assert_eq!(counted, cleared);
            assert!(counted.unwrap() >= 20);
            assert_eq!(cluster.keys(), [""; 0]);
            let version = world.changes();
            for n in [1, 15] {
                assert_eq!(called(&cache, in_one(&world, n)).await.0.1, version);
            }
            if back {
                moving.cancel();
            } else {
                moving.finish();
            }
            replayed(&cache).await;
            let other = cache_at(&cluster.url());
            for n in [2, 16] {
                assert_eq!(called(&other, in_one(&world, n)).await.0.1, version, "{n}");
            }
            for n in 1..=20 {
                called(&cache, in_one(&world, n)).await;
            }
        }
        assert!(cache.clear().await.is_ok());
        assert_eq!(cluster.keys(), [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_node_is_away() {
    let mut cluster = Cluster::builder().going_on().start();
    let (cache, world) = (hasty(&cluster), World::default());
    limited(async {
        let numbers: Vec<_> = (0..3).flat_map(|node| cluster.numbers(node, 3, key)).collect();
        warm(&cache, &world, &numbers).await;
        cluster.node_mut(1).kill();
        assert!(cache.count_keys().await.is_err());
        assert!(cache.clear().await.is_err(), "it is not true that all is gone");
        assert_eq!(cluster.keys(), [""; 0], "but all that can be is");
        cluster.node_mut(1).restart();
        warm(&cache, &world, &numbers).await;
        eventually(DEADLINE, || async { cache.count_keys().await == Ok(9) }).await;
        assert_eq!(cache.clear().await, Ok(9));
    })
    .await;
}
