//! Functions of many keys, whose keys are on all nodes: one body for what is missing.

use super::*;
use cache_tests::{cache_at, limited};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// What bodies were run for.
#[derive(Debug, Clone, Default)]
struct Asked(Arc<Mutex<Vec<BTreeSet<u64>>>>);

impl Asked {
    fn take(&self) -> Vec<BTreeSet<u64>> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[redis_cache(ttl = 600, key = "n:{id}", batch = "ids")]
async fn numbers(world: &World, asked: &Asked, ids: &[u64]) -> BTreeMap<u64, Number> {
    asked.0.lock().unwrap().push(ids.iter().copied().collect());
    let version = world.version();
    ids.iter().map(|id| (*id, (*id, version))).collect()
}

async fn all(cache: &Cache, world: &World, asked: &Asked, ids: &[u64]) -> u64 {
    let (found, observed, _) = called(cache, numbers(world, asked, ids)).await;
    assert_eq!(found.len(), ids.len());
    assert!(found.iter().all(|(id, (number, _))| id == number), "{found:?}");
    observed.hits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_all_nodes() {
    let cluster = Cluster::of_primaries();
    let (world, asked) = (World::default(), Asked::default());
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    let ids: Vec<u64> = (1..=300).collect();
    limited(async {
        // Some are there, from the function of one key.
        warm(&one, &world, &[3, 100, 250]).await;
        assert_eq!(all(&one, &world, &asked, &ids).await, 3);
        let missing = ids.iter().copied().filter(|id| ![3, 100, 250].contains(id)).collect();
        assert_eq!(asked.take(), [missing], "one body for all that are missing");
        assert_eq!(all(&other, &world, &asked, &ids).await, 300);
        assert_eq!(asked.take(), []);
        for node in 0..3 {
            let id = cluster.numbers(node, 1, key)[0];
            let raised = called(&other, raise(&world, id)).await.0.1;
            assert_eq!(all(&one, &world, &asked, &ids).await, 299);
            assert_eq!(asked.take(), [BTreeSet::from([id])]);
            assert_eq!(call(&other, &world, id).await.0, raised);
        }
        assert_eq!(all_errors(&cluster, "CROSSSLOT"), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_node_is_away_or_a_slot_moves() {
    let mut cluster = Cluster::builder().going_on().start();
    let (world, asked) = (World::default(), Asked::default());
    let cache = hasty(&cluster);
    limited(async {
        let on = [0, 1, 2].map(|node| cluster.numbers(node, 20, key));
        let ids = on.concat();
        warm(&cache, &world, &ids).await;
        // One slot is in the middle of its move, with and without its key.
        let moved = [on[1][0], on[1][1]];
        {
            let moves = moved.map(|id| cluster.begin_move(cluster.slot(&key(id)), 2));
            assert!(moves[0].key(&key(moved[0])));
            assert_eq!(all(&cache, &world, &asked, &ids).await, 60);
            for id in moved {
                called(&cache, raise(&world, id)).await;
            }
            assert_eq!(all(&cache, &world, &asked, &ids).await, 58);
            assert_eq!(asked.take(), [BTreeSet::from(moved)]);
            moves.into_iter().for_each(cache_tests::SlotMove::finish);
        }
        warm(&cache, &world, &ids).await;
        no_breaker_is_open(&cache).await;

        cluster.node_mut(0).kill();
        assert_eq!(all(&cache, &world, &asked, &ids).await, 40, "of those that are there");
        assert_eq!(asked.take(), [on[0].iter().copied().collect::<BTreeSet<_>>()]);
        cluster.node_mut(0).restart();
        eventually(DEADLINE, || async { all(&cache, &world, &asked, &ids).await == 60 }).await;
    })
    .await;
}
