//! Values that say their tags, kept in the process.

use super::{kept, looked};
use cache_runtime::{Cache, redis_cache, redis_invalidate};
use cache_tests::{DEADLINE, RedisServer, Scene, World, cache_at, called, eventually, limited};
use std::collections::HashMap;
use std::sync::Arc;

/// Whose it is, and when it was read.
type Order = Arc<(u64, u64)>;

const TAG: &str = "t:~tag:customer:7";

#[redis_cache(
    ttl = 300,
    key = "order:{id}",
    tags = ["orders"],
    tags_with = |order| [("customer", order.0)],
    l1
)]
async fn order(world: &World, id: u64, customer: u64) -> Order {
    Arc::new((customer, world.read().await))
}

/// The same entries.
#[redis_cache(
    ttl = 300,
    key = "order:{id}",
    tags = ["orders"],
    tags_with = |order| [("customer", order.0)],
    batch = "ids",
    l1
)]
async fn orders(world: &World, ids: &[u64], customer: u64) -> HashMap<u64, Order> {
    let version = world.read().await;
    ids.iter().map(|id| (*id, Arc::new((customer, version)))).collect()
}

/// The same key, and nothing that the value says.
#[redis_cache(ttl = 300, key = "order:{id}", tags = ["orders"], l1)]
async fn silent(world: &World, id: u64, customer: u64) -> Order {
    Arc::new((customer, world.read().await))
}

/// By a number alone, and perhaps without any tag.
#[redis_cache(ttl = 300, key = "words:{id}", tags_with = |words| words.iter(), none_ttl = 60, l1)]
async fn words(world: &World, id: u64) -> Option<Vec<String>> {
    let version = world.read().await;
    match id {
        0 => None,
        1 => Some(Vec::new()),
        _ => Some(vec!["word".to_owned(), version.to_string()]),
    }
}

#[redis_cache(
    ttl = 300,
    key = "soft:{id}",
    tags_with = |order| [("customer", order.0)],
    stale_while_revalidate = "100s",
    l1
)]
async fn soft(world: World, id: u64, customer: u64) -> Order {
    Arc::new((customer, world.read().await))
}

#[redis_invalidate(tags = ["customer:{customer}"])]
async fn write(world: &World, customer: u64) -> u64 {
    world.commit().await
}

async fn becomes(cache: &Cache, world: &World, id: u64, version: u64) {
    eventually(DEADLINE, async || cache.scope(order(world, id, 7)).await.1 == version).await;
}

#[tokio::test]
async fn whoever_changes_a_tag_that_a_value_says_ends_it() {
    type Change = fn(&RedisServer);
    let Scene { server, one, other, world } = Scene::start();
    let changes: [(&str, Change); 4] = [
        ("it is deleted", |server| server.command(&["DEL", TAG])),
        ("its life ends", |server| server.command(&["PEXPIRE", TAG, "1"])),
        ("one of the call's", |server| server.command(&["DEL", "t:~tag:orders"])),
        ("everything is flushed", |server| server.command(&["FLUSHALL"])),
    ];
    limited(async {
        for (what, change) in changes {
            for id in 0..10 {
                assert_eq!(kept(&one, || order(&world, id, 7)).await.1, world.version(), "{what}");
            }
            let version = world.changes();
            assert!(looked(&one, order(&world, 3, 7)).await.1, "{what}");
            change(&server);
            for id in 0..10 {
                becomes(&one, &world, id, version).await;
            }
        }
        // Another process, by what it writes.
        assert_eq!(kept(&one, || order(&world, 1, 7)).await.1, world.version());
        let version = other.scope(write(&world, 7)).await;
        becomes(&one, &world, 1, version).await;
    })
    .await;
}

/// By this process it is seen at once, and what was being read meanwhile is not kept.
#[tokio::test]
async fn an_invalidation_of_this_process_is_seen_at_once() {
    let Scene { server: _server, one, other: _, world } = Scene::start();
    limited(async {
        for _ in 0..20 {
            assert_eq!(kept(&one, || order(&world, 1, 7)).await.1, world.version());
            let version = one.scope(write(&world, 7)).await;
            assert_eq!(one.scope(order(&world, 1, 7)).await.1, version);
        }
    })
    .await;
}

#[tokio::test]
async fn another_tag_ends_nothing() {
    let Scene { server: _server, one, other, world } = Scene::start();
    limited(async {
        assert_eq!(kept(&one, || order(&world, 1, 7)).await.1, 1);
        world.changes();
        other.invalidate_tag("customer:8").await.unwrap();
        // It is heard after all that was said before.
        assert_eq!(kept(&one, || order(&world, 2, 8)).await.1, 2);
        assert_eq!(looked(&one, order(&world, 1, 7)).await, ((7, 1).into(), true));
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_is_for_functions_whose_values_say_it() {
    let (server, world) = (RedisServer::start(), World::default());
    let cache = cache_at(&server.url());
    limited(async {
        assert_eq!(kept(&cache, || order(&world, 1, 7)).await.1, 1);
        world.changes();
        // As in the store: it says other tags, and is replaced.
        assert_eq!(looked(&cache, silent(&world, 1, 7)).await, ((7, 2).into(), false));
        assert_eq!(kept(&cache, || silent(&world, 1, 7)).await.1, 2);
        world.changes();
        assert_eq!(looked(&cache, order(&world, 1, 7)).await, ((7, 3).into(), false));
    })
    .await;
}

#[tokio::test]
async fn a_value_that_says_none_is_kept_too() {
    let Scene { server, one, other, world } = Scene::start();
    limited(async {
        for id in [0, 1, 2] {
            kept(&one, || words(&world, id)).await;
            assert!(looked(&one, words(&world, id)).await.1);
        }
        other.invalidate_tag("word").await.unwrap();
        let is_anew = async || looked(&one, words(&world, 2)).await.1 && world.readers() == 4;
        eventually(DEADLINE, is_anew).await;
        server.command::<()>(&["DEL", "t:words:0", "t:words:1"]);
        for id in [0, 1] {
            eventually(DEADLINE, async || !looked(&one, words(&world, id)).await.1).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_soft_invalidation_makes_it_stale() {
    let Scene { server: _server, one, other, world } = Scene::start();
    limited(async {
        assert_eq!(kept(&one, || soft(world.clone(), 1, 7)).await.1, 1);
        world.changes();
        assert!(looked(&one, soft(world.clone(), 1, 7)).await.1);
        other.soft_invalidate_tag("customer:7").await.unwrap();
        eventually(DEADLINE, async || !looked(&one, soft(world.clone(), 1, 7)).await.1).await;
        eventually(DEADLINE, async || one.scope(soft(world.clone(), 1, 7)).await.1 == 2).await;
        assert_eq!(kept(&one, || soft(world.clone(), 1, 7)).await.1, 2);
    })
    .await;
}

#[tokio::test]
async fn members_of_a_list_say_theirs() {
    let Scene { server: _server, one, other, world } = Scene::start();
    let ids = [1, 2, 3];
    limited(async {
        let all_kept = async || {
            let (found, observed, _) = called(&one, orders(&world, &ids, 7)).await;
            assert_eq!(found.len(), 3);
            observed.memory_hits == 3
        };
        kept(&one, || order(&world, 3, 8)).await;
        eventually(DEADLINE, all_kept).await;
        assert!(looked(&one, order(&world, 1, 7)).await.1, "they are those of the function of one");
        world.changes();
        other.invalidate_tag("customer:7").await.unwrap();
        let found = || one.scope(orders(&world, &ids, 7));
        let changed = async || found().await.iter().filter(|(_, order)| order.1 == 2).count() == 2;
        eventually(DEADLINE, changed).await;
        assert_eq!(*found().await[&3], (8, 1));
        eventually(DEADLINE, all_kept).await;
        // By this process it is seen at once.
        one.invalidate_tag("customer:8").await.unwrap();
        assert_eq!(*found().await[&3], (7, 2));
    })
    .await;
}
