//! Members have tags, each its own: what is invalidated by one of them is computed again, whoever
//! computed it, and nothing else is.

use super::*;
use cache_runtime::{Cache, redis_invalidate};
use cache_tests::{
    Fault, FaultProxy, RedisServer, Scene, all_given_back, builder_at, cache_at, in_memory, keys,
    limited, moved, replayed,
};
use std::time::Duration;
use tokio::task::JoinHandle;

type Found = Result<HashMap<u64, u64>, String>;

#[redis_cache(ttl = 60, key = "part:{org}:{id}", tags = ["org:{org}", "part:{id}"])]
async fn part(table: &Table, org: u64, id: u64) -> Result<u64, String> {
    let _ = org;
    table.select(&[id]).await.map(|parts| parts[&id])
}

#[redis_cache(
    ttl = 60,
    key = "part:{org}:{id}",
    batch = "ids",
    tags = ["org:{org}", "part:{id}"]
)]
async fn parts(table: &Table, org: u64, ids: &[u64]) -> Found {
    let _ = org;
    table.select(ids).await
}

#[redis_invalidate(tags = ["org:{org}"])]
async fn change(table: &Table, org: u64) {
    let _ = org;
    table.changes();
}

#[redis_invalidate(parts(org, id), soft_tags = ["part:{other}"])]
async fn rename(table: &Table, org: u64, id: u64, other: u64) {
    let _ = (org, id, other);
    table.changes();
}

async fn read(cache: &Cache, table: &Table, ids: &[u64]) -> HashMap<u64, u64> {
    cache.scope(parts(table, 7, ids)).await.unwrap()
}

fn start(cache: &Cache, table: &Table, ids: &[u64]) -> JoinHandle<Found> {
    let (cache, table, ids) = (cache.clone(), table.clone(), ids.to_vec());
    tokio::spawn(async move { cache.scope(parts(&table, 7, &ids)).await })
}

fn start_single(cache: &Cache, table: &Table, id: u64) -> JoinHandle<Result<u64, String>> {
    let (cache, table) = (cache.clone(), table.clone());
    tokio::spawn(async move { cache.scope(part(&table, 7, id)).await })
}

#[tokio::test]
async fn entries_are_those_of_the_single_function_with_the_same_tags() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        assert_eq!(scene.one.scope(part(&table, 7, 2)).await, Ok(21));
        assert_eq!(read(&scene.other, &table, &[1, 2, 3]).await, at(1, &[1, 2, 3]));
        assert_eq!(table.asked(), [vec![2], vec![1, 3]]);
        table.changes();
        assert_eq!(scene.one.scope(part(&table, 7, 3)).await, Ok(31), "by the batch");
        assert_eq!(read(&scene.one, &table, &[3, 2, 1]).await, at(1, &[1, 2, 3]));
        assert_eq!(table.asked().len(), 2);
        all_given_back(&scene.server).await;
    })
    .await;
    let (tags, entries): (Vec<_>, Vec<_>) =
        keys(&scene.server).into_iter().partition(|key| key.contains("~tag"));
    assert_eq!(entries, ["t:part:7:1", "t:part:7:2", "t:part:7:3"]);
    assert_eq!(tags, ["t:~tag:org:7", "t:~tag:part:1", "t:~tag:part:2", "t:~tag:part:3"]);
}

#[tokio::test]
async fn a_tag_takes_the_members_out_that_have_it() {
    let scene = Scene::start();
    let memory = in_memory();
    for (one, other) in [(&scene.one, &scene.other), (&memory, &memory)] {
        let table = Table::new();
        limited(async {
            assert_eq!(read(one, &table, &[1, 2, 3]).await, at(1, &[1, 2, 3]));
            table.changes();
            assert_eq!(other.invalidate_tag("part:2").await, Ok(true));
            let found = HashMap::from([(1, 11), (2, 22), (3, 31)]);
            assert_eq!(read(one, &table, &[1, 2, 3]).await, found, "one of them");
            assert_eq!(other.invalidate_tag("org:8").await, Ok(false));
            assert_eq!(read(other, &table, &[1, 2, 3]).await, found);
            assert_eq!(other.invalidate_tag("org:7").await, Ok(true));
            assert_eq!(read(one, &table, &[1, 2, 3]).await, at(2, &[1, 2, 3]), "all of them");
            assert_eq!(table.asked(), [vec![1, 2, 3], vec![2], vec![1, 2, 3]]);
            table.changes();
            one.scope(change(&table, 7)).await;
            assert_eq!(read(other, &table, &[1]).await, at(4, &[1]), "by a writer");
        })
        .await;
    }
}

/// The tokens were read before the body began, whoever invalidates meanwhile.
#[tokio::test]
async fn what_is_invalidated_in_mid_body_is_not_seen_again() {
    for ours in [true, false] {
        let (scene, table) = (Scene::start(), Table::closed());
        limited(async {
            let old = start(&scene.one, &table, &[1, 2]);
            table.gate().holds_one().await;
            table.changes();
            let writer = if ours { &scene.one } else { &scene.other };
            writer.invalidate_tag("part:1").await.unwrap();
            table.gate().open();
            assert_eq!(old.await.unwrap(), Ok(at(1, &[1, 2])), "its own caller began before");
            let found = HashMap::from([(1, 12), (2, 21)]);
            for cache in [&scene.one, &scene.other] {
                assert_eq!(read(cache, &table, &[1, 2]).await, found);
            }
            assert_eq!(table.asked(), [vec![1, 2], vec![1]]);
        })
        .await;
    }
}

/// The flight hears nothing of what another process invalidates, and the lease is still good: who
/// joined after that is not handed the value.
#[tokio::test]
async fn who_joins_after_the_invalidation_is_not_handed_what_began_before() {
    let (scene, table) = (Scene::start(), Table::closed());
    limited(async {
        let old = start(&scene.one, &table, &[1, 2]);
        table.gate().holds_one().await;
        table.changes();
        scene.other.invalidate_tag("org:7").await.unwrap();
        let (batch, single) =
            (start(&scene.one, &table, &[2, 1]), start_single(&scene.one, &table, 1));
        for _ in 0..100 {
            scene.one.ping().await.unwrap(); // answered behind what they look for
        }
        table.gate().open();
        assert_eq!(old.await.unwrap(), Ok(at(1, &[1, 2])));
        assert_eq!(batch.await.unwrap(), Ok(at(2, &[1, 2])));
        assert_eq!(single.await.unwrap(), Ok(12));
    })
    .await;
}

/// In this process the flights of the tag are detached at once, and the others are not.
#[tokio::test]
async fn a_local_invalidation_detaches_the_members_that_have_the_tag() {
    let (cache, table) = (in_memory(), Table::closed());
    limited(async {
        let old = start(&cache, &table, &[1, 2]);
        table.gate().holds_one().await;
        table.changes();
        cache.invalidate_tag("part:1").await.unwrap();
        let new = start(&cache, &table, &[1, 2]);
        for _ in 0..100 {
            tokio::task::yield_now().await; // it waits for the one, and for the lease of the other
        }
        table.gate().open();
        assert_eq!(old.await.unwrap(), Ok(at(1, &[1, 2])));
        assert_eq!(new.await.unwrap(), Ok(HashMap::from([(1, 12), (2, 21)])));
        assert_eq!(table.asked(), [vec![1, 2], vec![1]]);
    })
    .await;
}

#[redis_cache(
    ttl = 60,
    key = "soft:{id}",
    batch = "ids",
    stale_if_error = "1h",
    tags = ["soft:{id}"]
)]
async fn soft(table: &Table, ids: &[u64]) -> Found {
    table.select(ids).await
}

#[tokio::test]
async fn a_soft_invalidation_leaves_what_stands_in_for_a_failure() {
    let ((_, cache), table) = (moved(), Table::new());
    limited(cache.scope(async {
        assert_eq!(soft(&table, &[1, 2]).await, Ok(at(1, &[1, 2])));
        table.changes();
        cache.soft_invalidate_tag("soft:1").await.unwrap();
        table.fails(true);
        assert_eq!(soft(&table, &[1, 2]).await, Ok(at(1, &[1, 2])), "instead of the failure");
        assert_eq!(table.asked().last(), Some(&vec![1]));
        table.fails(false);
        cache.soft_invalidate_tag("soft:2").await.unwrap();
        assert_eq!(soft(&table, &[2]).await, Ok(at(2, &[2])));
        cache.invalidate_tag("soft:2").await.unwrap();
        table.fails(true);
        assert_eq!(soft(&table, &[2]).await, Err("down".to_owned()), "that one is gone");
    }))
    .await;
}

#[tokio::test]
async fn a_writer_names_members_and_their_tags() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        assert_eq!(read(&scene.one, &table, &[1, 2, 3]).await, at(1, &[1, 2, 3]));
        // Without windows what is softly invalidated is gone.
        scene.other.scope(rename(&table, 7, 1, 2)).await;
        let found = HashMap::from([(1, 12), (2, 22), (3, 31)]);
        assert_eq!(read(&scene.one, &table, &[1, 2, 3]).await, found);
        let entry = scene.one.scope(async { parts_entry(7, 3) }).await;
        assert_eq!(entry.get().await, Ok(Some(31)));
        assert_eq!(entry.put(&5).await, Ok(true));
        assert_eq!(read(&scene.other, &table, &[3]).await, HashMap::from([(3, 5)]));
        scene.other.invalidate_tag("part:3").await.unwrap();
        assert_eq!(entry.get().await, Ok(None));
    })
    .await;
}

#[redis_cache(
    ttl = 60,
    key = "mail:{address:lower}",
    batch = "address in addresses",
    tags = ["as:{address}"]
)]
async fn mails(table: &Table, addresses: &[String]) -> HashMap<String, u64> {
    let ids: Vec<_> = addresses.iter().map(|address| address.len() as u64).collect();
    let found = table.select(&ids).await.unwrap();
    addresses.iter().map(|own| (own.clone(), found[&(own.len() as u64)])).collect()
}

/// A value counts for who has its tags: of two elements with one key and other tags neither can have
/// what is stored for the other.
#[tokio::test]
async fn elements_with_one_key_and_other_tags_are_members_apart() {
    let (scene, table) = (Scene::start(), Table::new());
    let [upper, lower] = ["A@x", "a@x"].map(str::to_owned);
    let both = [upper.clone(), lower.clone(), upper.clone()];
    let all_at = |version| HashMap::from([(upper.clone(), version), (lower.clone(), version)]);
    limited(async {
        assert_eq!(scene.one.scope(mails(&table, &both)).await, all_at(31));
        assert_eq!(table.asked(), [[3], [3]], "one after the other, since they share the lease");
        table.changes();
        scene.other.invalidate_tag("as:a@x").await.unwrap();
        scene.other.invalidate_tag("as:A@x").await.unwrap();
        assert_eq!(scene.one.scope(mails(&table, &both)).await, all_at(32));
        all_given_back(&scene.server).await;
    })
    .await;
}

#[redis_cache(ttl = 60, key = "part:{org}:{id}", batch = "ids", entry = false)]
async fn untagged(table: &Table, org: u64, ids: &[u64]) -> Found {
    let _ = org;
    table.select(ids).await
}

#[tokio::test]
async fn what_a_function_without_the_tags_stored_is_replaced() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        assert_eq!(scene.one.scope(untagged(&table, 7, &[1, 2])).await, Ok(at(1, &[1, 2])));
        table.changes();
        assert_eq!(read(&scene.one, &table, &[1, 2]).await, at(2, &[1, 2]));
        table.changes();
        assert_eq!(scene.other.scope(untagged(&table, 7, &[1])).await, Ok(at(3, &[1])));
        assert_eq!(read(&scene.one, &table, &[1, 2]).await, HashMap::from([(1, 13), (2, 22)]));
    })
    .await;
}

#[tokio::test]
async fn a_tag_that_waits_to_be_invalidated_is_not_trusted() {
    let (server, table) = (RedisServer::start(), Table::new());
    let proxy = FaultProxy::start(server.port());
    let hasty = builder_at(&proxy.url()).timeout(Duration::from_secs(1)).build().unwrap();
    limited(async {
        assert_eq!(read(&hasty, &table, &[1, 2]).await, at(1, &[1, 2]));
        proxy.set(Fault::Drop);
        hasty.scope(change(&table, 7)).await;
        assert_eq!(hasty.stats().await.journal.waiting, 1, "one tag for all members");
        assert_eq!(read(&hasty, &table, &[1, 2]).await, at(2, &[1, 2]));
        proxy.set(Fault::None);
        replayed(&hasty).await;
        let other = cache_at(&server.url());
        assert_eq!(read(&other, &table, &[1, 2]).await, at(2, &[1, 2]));
    })
    .await;
}

/// Nobody can say whether its values are good: those who wait for it have them as they are, and who
/// comes after the invalidation is none of them.
#[tokio::test]
async fn a_batch_from_before_is_not_joined() {
    let (server, table) = (RedisServer::start(), Table::new());
    let proxy = FaultProxy::start(server.port());
    let hasty = builder_at(&proxy.url()).timeout(Duration::from_secs(1)).build().unwrap();
    limited(async {
        assert_eq!(read(&hasty, &table, &[3]).await, at(1, &[3]));
        proxy.set(Fault::Drop);
        table.gate().close();
        let old = start(&hasty, &table, &[1, 2]);
        table.gate().reached(2).await;
        hasty.scope(change(&table, 7)).await;
        let new = start(&hasty, &table, &[1, 2]);
        table.gate().reached(3).await;
        table.gate().open();
        assert_eq!(old.await.unwrap(), Ok(at(1, &[1, 2])));
        assert_eq!(new.await.unwrap(), Ok(at(2, &[1, 2])));
    })
    .await;
}
