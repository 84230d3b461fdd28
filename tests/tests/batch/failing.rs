//! Bodies that fail, panic, or are dropped, and members that are invalidated meanwhile.

use super::*;
use cache_tests::{
    DEADLINE, Scene, all_given_back, eventually, in_memory, is_stored, keys, limited, moved,
};
use std::time::Duration;

type Found = Result<HashMap<u64, u64>, String>;

#[tokio::test]
async fn a_failure_is_that_of_the_call_also_where_some_were_found() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(scene.one.scope(async {
        rows(&table, &[1]).await.unwrap();
        table.fails(true);
        assert_eq!(rows(&table, &[1, 2]).await, Err("down".to_owned()));
        all_given_back(&scene.server).await;
        assert_eq!(rows(&table, &[1]).await, Ok(at(1, &[1])), "what is there is served");
        table.fails(false);
        assert_eq!(rows(&table, &[1, 2]).await, Ok(at(1, &[1, 2])));
    }))
    .await;
    assert_eq!(keys(&scene.server), ["t:row:1", "t:row:2"]);
}

/// The failure of a body for several members may be about another of them than the one that is
/// waited for: who waits computes.
#[tokio::test]
async fn a_failure_for_several_is_not_that_of_who_waits_for_one() {
    let (cache, table, own) = (in_memory(), Table::closed(), Table::new());
    limited(async {
        let (failing, single) = (cache.clone(), cache.clone());
        let (bad, good) = (table.clone(), own.clone());
        let failing = tokio::spawn(async move { failing.scope(rows(&bad, &[1, 2])).await });
        table.gate().holds_one().await;
        let single = tokio::spawn(async move { single.scope(row(&good, 1)).await });
        eventually(DEADLINE, || async { true }).await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        table.fails(true);
        table.gate().open();
        assert_eq!(failing.await.unwrap(), Err("down".to_owned()));
        assert_eq!(single.await.unwrap(), Ok(11));
        assert_eq!(own.asked(), [[1]]);
    })
    .await;
}

/// Of one member it is, and is shared as that of a single function.
#[tokio::test]
async fn a_failure_for_one_is_shared() {
    let (cache, table, own) = (in_memory(), Table::closed(), Table::new());
    limited(async {
        let (failing, waiting) = (cache.clone(), cache.clone());
        let (bad, good) = (table.clone(), own.clone());
        let failing = tokio::spawn(async move { failing.scope(rows(&bad, &[1])).await });
        table.gate().holds_one().await;
        let waiting = tokio::spawn(async move { waiting.scope(rows(&good, &[1])).await });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        table.fails(true);
        table.gate().open();
        assert_eq!(failing.await.unwrap(), Err("down".to_owned()));
        assert_eq!(waiting.await.unwrap(), Err("down".to_owned()));
        assert!(own.asked().is_empty());
    })
    .await;
}

#[redis_cache(ttl = 60, key = "kept:{id}", batch = "ids", stale_if_error = "1h")]
async fn kept(table: &Table, ids: &[u64]) -> Found {
    table.select(ids).await
}

#[tokio::test]
async fn stale_values_stand_in_where_there_is_one_for_each_that_is_missing() {
    let ((clock, cache), table) = (moved(), Table::new());
    limited(cache.scope(async {
        kept(&table, &[1, 2]).await.unwrap();
        clock.advance(Duration::from_secs(61));
        table.changes();
        kept(&table, &[3]).await.unwrap();
        table.fails(true);
        let found = kept(&table, &[1, 2, 3]).await;
        assert_eq!(found, Ok(HashMap::from([(1, 11), (2, 21), (3, 32)])));
        assert_eq!(table.asked().last(), Some(&vec![1, 2]));
        // They rest for a while, and one more that was never there cannot be served.
        assert_eq!(kept(&table, &[1, 4]).await, Err("down".to_owned()));
        assert_eq!(table.asked().last(), Some(&vec![4]));
        clock.advance(Duration::from_secs(6));
        table.fails(false);
        assert_eq!(kept(&table, &[1, 2]).await, Ok(at(2, &[1, 2])));
    }))
    .await;
}

#[tokio::test]
async fn a_batch_that_panics_gives_its_leases_back() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        table.panics();
        let (cache, own) = (scene.one.clone(), table.clone());
        let call = tokio::spawn(async move { cache.scope(rows(&own, &[1, 2])).await });
        assert!(call.await.unwrap_err().is_panic());
        all_given_back(&scene.server).await;
        let table = Table::new();
        assert_eq!(scene.other.scope(rows(&table, &[1, 2])).await, Ok(at(1, &[1, 2])));
    })
    .await;
}

#[tokio::test]
async fn a_batch_that_is_dropped_gives_its_leases_back_and_others_take_over() {
    let (scene, table, own) = (Scene::start(), Table::closed(), Table::new());
    limited(async {
        let (cache, held) = (scene.one.clone(), table.clone());
        let dropped = tokio::spawn(async move { cache.scope(rows(&held, &[1, 2, 3])).await });
        table.gate().holds_one().await;
        let (cache, waiting) = (scene.one.clone(), own.clone());
        let waiting = tokio::spawn(async move { cache.scope(rows(&waiting, &[2, 3])).await });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        dropped.abort();
        assert_eq!(waiting.await.unwrap(), Ok(at(1, &[2, 3])));
        assert_eq!(own.asked(), [[2, 3]]);
        all_given_back(&scene.server).await;
    })
    .await;
}

#[tokio::test]
async fn a_member_that_is_invalidated_in_mid_body_is_not_stored_and_the_others_are() {
    for ours in [true, false] {
        let (scene, table) = (Scene::start(), Table::closed());
        limited(async {
            let (cache, held) = (scene.one.clone(), table.clone());
            let call = tokio::spawn(async move { cache.scope(rows(&held, &[1, 2])).await });
            table.gate().holds_one().await;
            table.changes();
            let writer = if ours { &scene.one } else { &scene.other };
            writer.scope(async { rows_entry(1).invalidate().await }).await.unwrap();
            table.gate().open();
            assert_eq!(call.await.unwrap(), Ok(at(1, &[1, 2])), "its own caller began before");
            assert!(!is_stored(&scene.server, "t:row:1") && is_stored(&scene.server, "t:row:2"));
            let found = scene.one.scope(rows(&table, &[1, 2])).await;
            assert_eq!(found, Ok(HashMap::from([(1, 12), (2, 21)])));
        })
        .await;
    }
}

/// The second body begins after the invalidation, and the caller that waited gets that.
#[tokio::test]
async fn who_waits_does_not_get_what_was_invalidated_before_it_came() {
    let (scene, table) = (Scene::start(), Table::closed());
    limited(async {
        let (cache, held) = (scene.one.clone(), table.clone());
        let old = tokio::spawn(async move { cache.scope(rows(&held, &[1, 2])).await });
        table.gate().holds_one().await;
        table.changes();
        scene.one.scope(async { rows_entry(1).invalidate().await }).await.unwrap();
        let (cache, held) = (scene.one.clone(), table.clone());
        let new = tokio::spawn(async move { cache.scope(rows(&held, &[1, 2])).await });
        table.gate().reached(2).await;
        table.gate().open();
        assert_eq!(old.await.unwrap(), Ok(at(1, &[1, 2])));
        assert_eq!(new.await.unwrap(), Ok(HashMap::from([(1, 12), (2, 21)])));
        assert_eq!(table.asked(), [vec![1, 2], vec![1]]);
    })
    .await;
}
