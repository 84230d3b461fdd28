//! `err_ttl`: the error of a member is stored in the place of its value. That of the whole call is not:
//! nobody knows which member it is about.

use super::*;
use cache_runtime::{observe, refresh};
use cache_tests::{
    DEADLINE, Scene, all_given_back, eventually, in_memory, is_stored, keys, limited, moved,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// No `Clone`: those who wait for it get it by its bytes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Missing {
    Nobody(u64),
}

type Found = HashMap<u64, Result<u64, Missing>>;

#[redis_cache(ttl = 60, key = "who:{id}", err_ttl = "5s")]
async fn who(table: &Table, id: u64) -> Result<u64, Missing> {
    let found = table.select(&[id]).await.unwrap();
    found.get(&id).copied().ok_or(Missing::Nobody(id))
}

#[redis_cache(ttl = 60, key = "who:{id}", err_ttl = "5s", batch = "ids")]
async fn all(table: &Table, ids: &[u64]) -> Result<Found, String> {
    let found = table.select(ids).await?;
    Ok(ids.iter().map(|id| (*id, found.get(id).copied().ok_or(Missing::Nobody(*id)))).collect())
}

/// The same without the option.
#[redis_cache(ttl = 60, key = "who:{id}", batch = "ids", entry = false)]
async fn plainly(table: &Table, ids: &[u64]) -> HashMap<u64, u64> {
    let found = table.select(ids).await.unwrap();
    ids.iter().map(|id| (*id, found.get(id).copied().unwrap_or_default())).collect()
}

fn found(good: &[u64], missing: &[u64]) -> Result<Found, String> {
    let good = good.iter().map(|id| (*id, Ok(id * 10 + 1)));
    Ok(good.chain(missing.iter().map(|id| (*id, Err(Missing::Nobody(*id))))).collect())
}

const KEY: &str = "t:who:1000000";

#[tokio::test]
async fn an_error_of_a_member_is_stored_for_the_single_function_too() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        let ids = [1, MISSING];
        assert_eq!(scene.one.scope(all(&table, &ids)).await, found(&[1], &[MISSING]));
        // It is stored behind.
        eventually(DEADLINE, || async { is_stored(&scene.server, KEY) }).await;
        let left: i64 = scene.server.command(&["PTTL", KEY]);
        assert!((1..=5_000).contains(&left), "{left}");
        for cache in [&scene.one, &scene.other] {
            let (again, observed) = observe(cache.scope(all(&table, &[MISSING, 1]))).await;
            assert_eq!((again, observed.hits), (found(&[1], &[MISSING]), 2));
            assert_eq!(cache.scope(who(&table, MISSING)).await, Err(Missing::Nobody(MISSING)));
            let entry = cache.scope(async { all_entry(MISSING) }).await;
            assert_eq!(entry.get().await.unwrap(), Some(Err(Missing::Nobody(MISSING))));
        }
        assert_eq!(table.asked(), [[1, MISSING]]);
        assert_eq!(
            scene.one.scope(who(&table, MISSING + 1)).await,
            Err(Missing::Nobody(MISSING + 1))
        );
        eventually(DEADLINE, || async { is_stored(&scene.server, "t:who:1000001") }).await;
        let ids = [MISSING + 1, 2];
        assert_eq!(scene.other.scope(all(&table, &ids)).await, found(&[2], &[MISSING + 1]));
        assert_eq!(table.asked().last(), Some(&vec![2]), "the error was there");
        all_given_back(&scene.server).await;
    })
    .await;
}

#[tokio::test]
async fn it_is_no_value_for_a_function_without_the_option_and_gone_when_it_is_refreshed() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        scene.one.scope(all(&table, &[MISSING])).await.unwrap();
        eventually(DEADLINE, || async { is_stored(&scene.server, KEY) }).await;
        let found = scene.other.scope(plainly(&table, &[MISSING, 1])).await;
        assert_eq!(found, HashMap::from([(MISSING, 0), (1, 11)]));
        assert_eq!(table.asked().last(), Some(&vec![1, MISSING]), "replaced");
        let call = scene.one.scope(all(&table, &[MISSING]));
        assert_eq!(call.await.unwrap(), HashMap::from([(MISSING, Ok(0))]));
        scene.one.scope(async { all_entry(MISSING).invalidate().await }).await.unwrap();
        scene.one.scope(refresh(all(&table, &[MISSING]))).await.unwrap();
        scene.one.scope(refresh(all(&table, &[MISSING]))).await.unwrap();
        assert_eq!(table.asked().len(), 4);
    })
    .await;
}

/// Not even where it was for one member: it may be about the call.
#[tokio::test]
async fn an_error_of_the_whole_call_is_not_stored() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        table.fails(true);
        for ids in [&[1, 2][..], &[1]] {
            let (failed, observed) = observe(scene.one.scope(all(&table, ids))).await;
            assert_eq!((failed, observed.errors), (Err("down".to_owned()), 0));
        }
        all_given_back(&scene.server).await;
        assert!(keys(&scene.server).is_empty());
        table.fails(false);
        assert_eq!(scene.one.scope(all(&table, &[1, 2])).await, found(&[1, 2], &[]));
    })
    .await;
}

#[tokio::test]
async fn who_waits_for_a_member_gets_its_error() {
    let (cache, table, own) = (in_memory(), Table::closed(), Table::new());
    limited(async {
        let (failing, held) = (cache.clone(), table.clone());
        let failing = tokio::spawn(async move { failing.scope(all(&held, &[1, MISSING])).await });
        table.gate().holds_one().await;
        let (single, batch) = (cache.clone(), cache.clone());
        let (first, second) = (own.clone(), own.clone());
        let single = tokio::spawn(async move { single.scope(who(&first, MISSING)).await });
        let batch = tokio::spawn(async move { batch.scope(all(&second, &[MISSING, 1])).await });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        table.gate().open();
        assert_eq!(failing.await.unwrap(), found(&[1], &[MISSING]));
        assert_eq!(single.await.unwrap(), Err(Missing::Nobody(MISSING)));
        assert_eq!(batch.await.unwrap(), found(&[1], &[MISSING]));
        assert!(own.asked().is_empty(), "{:?}", own.asked());
    })
    .await;
}

#[redis_cache(ttl = 60, key = "kept:{id}", err_ttl = 5, stale_if_error = "1h", batch = "ids")]
async fn kept(table: &Table, gone: bool, ids: &[u64]) -> HashMap<u64, Result<u64, String>> {
    let found = table.select(ids).await.unwrap();
    let of = |id: &u64| if gone { Err("gone".to_owned()) } else { Ok(found[id]) };
    ids.iter().map(|id| (*id, of(id))).collect()
}

/// A value that may be served in the place of an error is, whether that is of the call or of a member.
#[tokio::test]
async fn a_stale_value_stands_in_for_the_error_of_a_member() {
    let ((clock, cache), table) = (moved(), Table::new());
    limited(cache.scope(async {
        kept(&table, false, &[1]).await;
        clock.advance(Duration::from_secs(61));
        let (found, observed) = observe(kept(&table, true, &[1, 2])).await;
        assert_eq!(found, HashMap::from([(1, Ok(11)), (2, Err("gone".to_owned()))]));
        assert_eq!((observed.stale, observed.misses), (1, 1));
        let (_, observed) = observe(kept(&table, true, &[1])).await;
        assert_eq!(observed.stale, 1, "it rests, and no error is stored in its place");
        clock.advance(Duration::from_secs(6));
        assert_eq!(kept(&table, false, &[1, 2]).await, HashMap::from([(1, Ok(11)), (2, Ok(21))]));
    }))
    .await;
}
