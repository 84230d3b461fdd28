//! One body for each member, within a process and across processes, and nobody waits for what is
//! held by who waits for him.

use super::*;
use cache_runtime::{Cache, observe};
use cache_tests::{DEADLINE, Scene, all_given_back, eventually, in_memory, limited, moved};
use tokio::task::JoinHandle;

type Found = Result<HashMap<u64, u64>, String>;

/// Starts a call in a task of its own.
fn start(cache: &Cache, table: &Table, ids: &[u64]) -> JoinHandle<Found> {
    let (cache, table, ids) = (cache.clone(), table.clone(), ids.to_vec());
    tokio::spawn(async move { cache.scope(rows(&table, &ids)).await })
}

/// Lets everything that can go on go on.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Each id is computed once.
fn assert_once(table: &Table, ids: &[u64]) {
    let mut asked = table.asked().concat();
    asked.sort_unstable();
    assert_eq!(asked, ids, "{:?}", table.asked());
}

#[tokio::test]
async fn who_overlaps_computes_what_is_missing_and_waits_for_the_rest() {
    let (cache, table) = (in_memory(), Table::closed());
    limited(async {
        let first = start(&cache, &table, &[1, 2]);
        table.gate().holds_one().await;
        let second = start(&cache, &table, &[3, 2, 1]);
        table.gate().reached(2).await;
        let third = start(&cache, &table, &[2, 3]);
        settle().await;
        table.gate().open();
        assert_eq!(first.await.unwrap(), Ok(at(1, &[1, 2])));
        assert_eq!(second.await.unwrap(), Ok(at(1, &[1, 2, 3])));
        assert_eq!(third.await.unwrap(), Ok(at(1, &[2, 3])));
        assert_eq!(table.asked(), [vec![1, 2], vec![3]]);
        let total = cache.stats().await.process.total;
        assert_eq!((total.misses, total.coalesced + total.hits), (3, 4), "{total:?}");
    })
    .await;
}

#[tokio::test]
async fn a_single_call_waits_for_a_batch_and_the_other_way_round() {
    let (cache, table) = (in_memory(), Table::closed());
    limited(async {
        let batch = start(&cache, &table, &[1, 2]);
        table.gate().holds_one().await;
        let single = {
            let (cache, table) = (cache.clone(), table.clone());
            tokio::spawn(async move { cache.scope(row(&table, 1)).await })
        };
        settle().await;
        table.gate().open();
        assert_eq!(single.await.unwrap(), Ok(11));
        assert_eq!(batch.await.unwrap(), Ok(at(1, &[1, 2])));

        table.gate().close();
        let single = {
            let (cache, table) = (cache.clone(), table.clone());
            tokio::spawn(async move { cache.scope(row(&table, 3)).await })
        };
        table.gate().holds_one().await;
        let batch = start(&cache, &table, &[3, 1]);
        settle().await;
        assert!(!batch.is_finished());
        table.gate().open();
        assert_eq!(single.await.unwrap(), Ok(31));
        assert_eq!(batch.await.unwrap(), Ok(at(1, &[1, 3])));
        assert_eq!(table.asked(), [vec![1, 2], vec![3]]);
    })
    .await;
}

#[tokio::test]
async fn two_processes_run_one_body_for_each_member() {
    let (scene, table) = (Scene::start(), Table::closed());
    limited(async {
        let first = start(&scene.one, &table, &[1, 2, 3]);
        table.gate().holds_one().await;
        let second = start(&scene.other, &table, &[4, 3, 2]);
        table.gate().reached(2).await;
        assert_eq!(table.asked(), [vec![1, 2, 3], vec![4]]);
        table.gate().open();
        assert_eq!(first.await.unwrap(), Ok(at(1, &[1, 2, 3])));
        assert_eq!(second.await.unwrap(), Ok(at(1, &[2, 3, 4])));
        assert_once(&table, &[1, 2, 3, 4]);
    })
    .await;
}

/// Many calls of the same members in all orders, by two processes: a call that waited while it
/// held anything would meet one that waits for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opposite_orders_do_not_wait_for_each_other() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        for round in 0..20 {
            let ids: Vec<u64> = (round * 10..round * 10 + 6).collect();
            let calls: Vec<_> = (0..24)
                .map(|nth| {
                    let mut own = ids.clone();
                    own.rotate_left(nth % 6);
                    if nth % 2 == 0 {
                        own.reverse();
                    }
                    own.truncate(2 + nth % 5);
                    let cache = if nth % 3 == 0 { &scene.one } else { &scene.other };
                    (own.clone(), start(cache, &table, &own))
                })
                .collect();
            for (own, call) in calls {
                assert_eq!(call.await.unwrap(), Ok(at(1, &own)));
            }
        }
        let mut asked = table.asked().concat();
        asked.sort_unstable();
        let count = asked.len();
        asked.dedup();
        assert_eq!(count, asked.len(), "each was computed once");
        all_given_back(&scene.server).await;
    })
    .await;
}

/// While the body of a batch runs, nobody waits for it because of what it does not compute.
#[tokio::test]
async fn a_body_holds_up_nobody_who_needs_what_it_does_not_compute() {
    let (scene, table, other) = (Scene::start(), Table::closed(), Table::closed());
    limited(async {
        // Another process computes 2, so that the batch computes 1 alone, and would wait for 2.
        let theirs = start(&scene.other, &other, &[2]);
        other.gate().holds_one().await;
        let batch = start(&scene.one, &table, &[1, 2]);
        table.gate().holds_one().await;
        assert_eq!(table.asked(), [[1]]);
        // A call of this process that needs 2, and has looked for it in vain.
        let looks = scene.server.calls("get");
        let (cache, own) = (scene.one.clone(), table.clone());
        let single = tokio::spawn(async move { cache.scope(row(&own, 2)).await });
        eventually(DEADLINE, || async { scene.server.calls("get") > looks }).await;
        other.gate().open();
        assert_eq!(theirs.await.unwrap(), Ok(at(1, &[2])));
        // The batch is still in its body, and the call has what the other process computed.
        let found = tokio::time::timeout(DEADLINE, single).await.expect("it waits for the batch");
        assert_eq!(found.unwrap(), Ok(21));
        assert!(!batch.is_finished());
        table.gate().open();
        assert_eq!(batch.await.unwrap(), Ok(at(1, &[1, 2])));
        assert_eq!(table.asked(), [[1]]);
    })
    .await;
}

/// The wait ends, and then the body runs once more for what is left, and stores nothing.
#[tokio::test(start_paused = true)]
async fn a_wait_that_ends_runs_a_second_body() {
    let (_clock, cache) = moved();
    let (table, stuck) = (Table::new(), Table::closed());
    limited(async {
        let forgotten = start(&cache, &stuck, &[2, 3]);
        stuck.gate().holds_one().await;
        assert_eq!(cache.scope(rows(&table, &[1, 2, 3])).await, Ok(at(1, &[1, 2, 3])));
        assert_eq!(table.asked(), [vec![1], vec![2, 3]]);
        table.changes();
        stuck.gate().open();
        assert_eq!(forgotten.await.unwrap(), Ok(at(1, &[2, 3])));
        assert_eq!(cache.scope(rows(&table, &[1, 2])).await, Ok(at(1, &[1, 2])));
    })
    .await;
}

/// A lease that is left ends the wait too: one body for all that is left, which stores that alone.
#[tokio::test]
async fn a_lease_that_falls_to_it_runs_the_second_body() {
    let (scene, table, theirs) = (Scene::start(), Table::new(), Table::closed());
    limited(async {
        let gone = start(&scene.other, &theirs, &[2]);
        theirs.gate().holds_one().await;
        let batch = start(&scene.one, &table, &[1, 2]);
        eventually(DEADLINE, || async { table.asked().len() == 1 }).await;
        gone.abort();
        assert_eq!(batch.await.unwrap(), Ok(at(1, &[1, 2])));
        assert_eq!(table.asked(), [[1], [2]]);
        table.changes();
        assert_eq!(scene.other.scope(rows(&table, &[1, 2])).await, Ok(at(1, &[1, 2])));
    })
    .await;
}

#[tokio::test]
async fn a_body_that_calls_what_it_computes_does_not_wait_for_itself() {
    #[redis_cache(ttl = 60, key = "row:{id}", batch = "ids")]
    async fn nested(table: &Table, ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
        let mut found = HashMap::new();
        for id in ids {
            found.insert(*id, row(table, *id).await?);
        }
        Ok(found)
    }
    let (cache, table) = (in_memory(), Table::new());
    let (found, observed) = limited(observe(cache.scope(nested(&table, &[1, 2])))).await;
    assert_eq!(found, Ok(at(1, &[1, 2])));
    assert_eq!(observed.misses, 4);
    assert_once(&table, &[1, 2]);
}

/// Each process keeps to itself what it computes, by the function's own word.
#[tokio::test]
async fn single_flight_within_one_process_does_not_wait_for_others() {
    #[redis_cache(ttl = 60, key = "row:{id}", batch = "ids", single_flight = "process")]
    async fn alone(table: &Table, ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
        table.select(ids).await
    }
    let (scene, table, theirs) = (Scene::start(), Table::new(), Table::closed());
    limited(async {
        let slow = start(&scene.other, &theirs, &[2]);
        theirs.gate().holds_one().await;
        assert_eq!(scene.one.scope(alone(&table, &[1, 2])).await, Ok(at(1, &[1, 2])));
        assert_eq!(table.asked(), [[1, 2]], "one body for all");
        theirs.gate().open();
        assert_eq!(slow.await.unwrap(), Ok(at(1, &[2])));
    })
    .await;
}
