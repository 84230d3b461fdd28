//! Slots move key by key while everybody reads and writes.

use super::load::Ledger;
use super::*;
use cache_tests::{cache_at, limited};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_what_was_before_a_write() {
    const ROWS: u64 = 40;
    let cluster = Cluster::of_primaries();
    let caches = [(); 2].map(|()| cache_at(&cluster.url()));
    let logs = logs(&cluster);
    let ledger = Ledger::new(ROWS);
    let stop = Arc::<AtomicBool>::default();
    limited(async {
        let users: Vec<_> =
            (0..8).map(|user| ledger.use_by(&caches[user % 2], &stop, user as u64)).collect();
        let mut slots = cluster.slots(&(0..ROWS).map(Ledger::key).collect::<Vec<_>>());
        slots.sort_unstable();
        slots.dedup();
        tokio::task::block_in_place(|| {
            for turn in 1..=2 {
                for slot in &slots {
                    let to = (cluster.owner(*slot).unwrap() + turn) % 3;
                    let moving = cluster.begin_move(*slot, to);
                    for key in moving.left() {
                        moving.key(&key);
                    }
                    moving.finish();
                }
            }
        });
        stop.store(true, Ordering::Relaxed);
        let mut hits = 0;
        for user in users {
            hits += user.await.unwrap();
        }
        println!("{hits} hits while {} slots moved, twice", slots.len());
        assert!(hits > 0);
        for cache in &caches {
            replayed(cache).await;
            no_breaker_is_open(cache).await;
        }
        assert_eq!(warned(&logs), [""; 0]);
    })
    .await;
}

/// A node that has joined takes slots; the cache has never heard of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_a_node_that_was_not_there() {
    let cluster = Cluster::builder().spare().start();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let numbers: Vec<_> = (0..3).flat_map(|node| cluster.numbers(node, 2, key)).collect();
        warm(&cache, &world, &numbers).await;
        for n in &numbers {
            cluster.move_slot(cluster.slot(&key(*n)), 3);
        }
        all_hit(&cache, &world, &numbers).await;
        let raised = called(&cache, raise(&world, numbers[0])).await.0.1;
        assert_eq!(call(&cache, &world, numbers[0]).await.0, raised);
        assert_eq!(cluster.node(3).command::<Vec<String>>(&["KEYS", "t:n:*"]).len(), 6);
        no_breaker_is_open(&cache).await;
        assert_eq!(cache.clear().await, Ok(6));
    })
    .await;
}
