//! Each member says its own tags (`tags_with`): what is invalidated by one of them is computed again,
//! and nothing else is.

use super::*;
use cache_runtime::{Cache, redis_invalidate};
use cache_tests::{DEADLINE, Scene, all_given_back, eventually, in_memory, keys, limited};
use tokio::task::JoinHandle;

/// Whose it is, and what its row has.
type Order = (u64, u64);
type Found = Result<HashMap<u64, Order>, String>;

/// Those of even numbers are one customer's.
fn customer(id: u64) -> u64 {
    7 + id % 2
}

#[redis_cache(ttl = 60, key = "order:{id}", tags = ["id:{id}"], tags_with = tags_of)]
async fn order(table: &Table, id: u64) -> Result<Order, String> {
    table.select(&[id]).await.map(|rows| (customer(id), rows[&id]))
}

#[redis_cache(
    ttl = 60,
    key = "order:{id}",
    tags = ["id:{id}"],
    tags_with = tags_of,
    batch = "ids"
)]
async fn orders(table: &Table, ids: &[u64]) -> Found {
    let rows = table.select(ids).await?;
    Ok(rows.into_iter().map(|(id, row)| (id, (customer(id), row))).collect())
}

fn tags_of(order: &Order) -> [(&'static str, u64); 1] {
    [("customer", order.0)]
}

#[redis_invalidate(tags = ["customer:{customer}"])]
async fn change(table: &Table, customer: u64) {
    let _ = customer;
    table.changes();
}

/// What these have, each at its version.
fn at_versions(versions: &[(u64, u64)]) -> HashMap<u64, Order> {
    versions.iter().map(|(id, version)| (*id, (customer(*id), id * 10 + version))).collect()
}

async fn read(cache: &Cache, table: &Table, ids: &[u64]) -> HashMap<u64, Order> {
    cache.scope(orders(table, ids)).await.unwrap()
}

fn start(cache: &Cache, table: &Table, ids: &[u64]) -> JoinHandle<Found> {
    let (cache, table, ids) = (cache.clone(), table.clone(), ids.to_vec());
    tokio::spawn(async move { cache.scope(orders(&table, &ids)).await })
}

#[tokio::test]
async fn a_tag_takes_the_members_out_that_say_it() {
    let scene = Scene::start();
    let memory = in_memory();
    for (one, other) in [(&scene.one, &scene.other), (&memory, &memory)] {
        let table = Table::new();
        limited(async {
            let all = read(one, &table, &[1, 2, 3]).await;
            assert_eq!(all, at_versions(&[(1, 1), (2, 1), (3, 1)]));
            table.changes();
            assert_eq!(read(other, &table, &[3, 2, 1]).await, all, "hits");
            assert_eq!(other.invalidate_tag("customer:8").await, Ok(true));
            let changed = at_versions(&[(1, 2), (2, 1), (3, 2)]);
            assert_eq!(read(one, &table, &[1, 2, 3]).await, changed);
            assert_eq!(other.invalidate_tag("customer:9").await, Ok(false));
            assert_eq!(other.invalidate_tag("id:3").await, Ok(true), "one of the call's");
            assert_eq!(read(other, &table, &[1, 2, 3]).await, changed);
            assert_eq!(table.asked(), [vec![1, 2, 3], vec![1, 3], vec![3]]);
            one.scope(change(&table, 7)).await;
            let changed = at_versions(&[(1, 2), (2, 3), (3, 2)]);
            assert_eq!(read(other, &table, &[1, 2, 3]).await, changed, "by a writer");
        })
        .await;
    }
}

#[tokio::test]
async fn entries_are_those_of_the_single_function_with_the_same_option() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        assert_eq!(scene.one.scope(order(&table, 2)).await, Ok((7, 21)));
        read(&scene.other, &table, &[1, 2]).await;
        table.changes();
        assert_eq!(scene.one.scope(order(&table, 1)).await, Ok((8, 11)), "by the batch");
        assert_eq!(table.asked(), [[2], [1]]);
        let entry = scene.one.scope(async { orders_entry(2) }).await;
        assert_eq!(entry.put(&(8, 5)).await, Ok(true));
        scene.other.invalidate_tag("customer:7").await.unwrap();
        assert_eq!(entry.get().await, Ok(Some((8, 5))), "it is another one's by now");
        scene.other.invalidate_tag("customer:8").await.unwrap();
        assert_eq!(entry.get().await, Ok(None));
        all_given_back(&scene.server).await;
    })
    .await;
    let tags: Vec<_> =
        keys(&scene.server).into_iter().filter(|key| key.contains("~tag:")).collect();
    assert_eq!(tags, ["t:~tag:id:1", "t:~tag:id:2"]);
}

/// Nobody knew yet that the tag is theirs.
#[tokio::test]
async fn what_is_invalidated_in_mid_body_is_not_seen_again() {
    for ours in [true, false] {
        let (scene, table) = (Scene::start(), Table::closed());
        limited(async {
            let old = start(&scene.one, &table, &[1, 2, 3]);
            table.gate().holds_one().await;
            table.changes();
            let writer = if ours { &scene.one } else { &scene.other };
            writer.invalidate_tag("customer:8").await.unwrap();
            table.gate().open();
            let found = at_versions(&[(1, 1), (2, 1), (3, 1)]);
            assert_eq!(old.await.unwrap(), Ok(found), "its own caller began before");
            let found = at_versions(&[(1, 2), (2, 1), (3, 2)]);
            for cache in [&scene.one, &scene.other] {
                assert_eq!(read(cache, &table, &[1, 2, 3]).await, found);
            }
            assert_eq!(table.asked(), [vec![1, 2, 3], vec![1, 3]]);
            all_given_back(&scene.server).await;
        })
        .await;
    }
}

/// It waits for the flights of its process, which heard nothing.
#[tokio::test]
async fn who_joins_after_the_invalidation_is_not_handed_what_began_before() {
    let (scene, table) = (Scene::start(), Table::closed());
    limited(async {
        let old = start(&scene.one, &table, &[1, 2]);
        table.gate().holds_one().await;
        table.changes();
        scene.other.invalidate_tag("customer:8").await.unwrap();
        let late = start(&scene.one, &table, &[2, 1]);
        for _ in 0..100 {
            scene.one.ping().await.unwrap(); // answered behind what it looks for
        }
        table.gate().open();
        assert_eq!(old.await.unwrap(), Ok(at_versions(&[(1, 1), (2, 1)])));
        assert_eq!(late.await.unwrap(), Ok(at_versions(&[(1, 2), (2, 1)])));
    })
    .await;
}

#[redis_cache(
    ttl = 60,
    key = "list:{id}",
    batch = "ids",
    tags_with = |rows| rows.iter(),
    none_ttl = 60
)]
async fn lists(table: &Table, ids: &[u64]) -> HashMap<u64, Vec<String>> {
    let rows = table.select(ids).await.unwrap();
    rows.into_keys().map(|id| (id, (0..id).map(|n| format!("n:{n}")).collect())).collect()
}

/// What says no tag, what is not there, and what says more than there may be.
#[tokio::test]
async fn a_member_says_as_many_as_it_has() {
    let (cache, table) = (in_memory(), Table::new());
    limited(cache.scope(async {
        let ids = [0, 1, 16, 17, MISSING];
        for _ in 0..2 {
            assert_eq!(lists(&table, &ids).await.len(), 4);
        }
        assert_eq!(table.asked()[1..], [vec![17]], "it has too many");
        cache.invalidate_tag("n:0").await.unwrap();
        assert_eq!(lists(&table, &ids).await.len(), 4);
        assert_eq!(table.asked()[2..], [vec![1, 16, 17]]);
        cache.invalidate_tag("n:15").await.unwrap();
        assert_eq!(lists(&table, &ids).await.len(), 4);
        assert_eq!(table.asked()[3..], [vec![16, 17]]);
    }))
    .await;
}

/// A single value says its tags in the place of its failure, which says none.
#[tokio::test]
async fn of_results_the_values_say_theirs() {
    #[redis_cache(
        ttl = 60,
        key = "own:{id}",
        batch = "ids",
        tags_with = |row| [("row", *row)],
        err_ttl = 60
    )]
    async fn own(table: &Table, ids: &[u64]) -> HashMap<u64, Result<u64, String>> {
        let rows = table.select(ids).await.unwrap();
        ids.iter().map(|id| (*id, rows.get(id).copied().ok_or_else(|| "none".into()))).collect()
    }
    let (cache, table) = (in_memory(), Table::new());
    limited(cache.scope(async {
        let found = HashMap::from([(1, Ok(11)), (MISSING, Err("none".to_owned()))]);
        for _ in 0..2 {
            assert_eq!(own(&table, &[1, MISSING]).await, found);
        }
        eventually(DEADLINE, async || {
            own(&table, &[MISSING]).await;
            let before = table.asked().len();
            own(&table, &[MISSING]).await;
            table.asked().len() == before
        })
        .await;
        let before = table.asked().len();
        cache.invalidate_tag("row:11").await.unwrap();
        assert_eq!(own(&table, &[1, MISSING]).await, found);
        assert_eq!(table.asked()[before..], [vec![1]]);
    }))
    .await;
}
