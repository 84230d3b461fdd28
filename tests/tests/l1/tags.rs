//! Values with tags, kept in the process.

use super::{kept, looked};
use cache_runtime::{Cache, redis_cache, redis_invalidate};
use cache_tests::{DEADLINE, RedisServer, Scene, World, cache_at, eventually};
use std::sync::Arc;

const TAG: &str = "t:~tag:org:7";

#[redis_cache(ttl = 300, key = "tagged:{id}", tags = ["org:{org}", "all"], l1)]
async fn tagged(world: &World, id: u64, org: u64) -> Arc<u64> {
    Arc::new(world.read().await)
}

/// The same key, and no tags.
#[redis_cache(ttl = 300, key = "tagged:{id}", l1)]
async fn untagged(world: &World, id: u64) -> Arc<u64> {
    Arc::new(world.read().await)
}

#[redis_cache(
    ttl = 300,
    key = "soft:{id}",
    tags = ["org:{org}"],
    stale_while_revalidate = "100s",
    l1
)]
async fn soft(world: World, id: u64, org: u64) -> u64 {
    world.read().await
}

#[redis_invalidate(tags = ["org:{org}"])]
async fn write(world: &World, org: u64) -> u64 {
    world.commit().await
}

async fn becomes(cache: &Cache, world: &World, id: u64, version: u64) {
    eventually(DEADLINE, async || *cache.scope(tagged(world, id, 7)).await == version).await;
}

#[tokio::test]
async fn whoever_changes_a_tag_ends_all_that_has_it() {
    type Change = fn(&RedisServer, &Cache);
    let Scene { server, one, other, world } = Scene::start();
    let changes: [(&str, Change); 3] = [
        ("it is deleted", |server, _| server.command(&["DEL", TAG])),
        ("its life ends", |server, _| server.command(&["PEXPIRE", TAG, "1"])),
        ("everything is flushed", |server, _| server.command(&["FLUSHALL"])),
    ];
    for (what, change) in changes {
        for id in 0..10 {
            assert_eq!(*kept(&one, || tagged(&world, id, 7)).await, world.version(), "{what}");
        }
        let version = world.changes();
        assert!(looked(&one, tagged(&world, 3, 7)).await.1, "{what}");
        change(&server, &other);
        for id in 0..10 {
            becomes(&one, &world, id, version).await;
        }
    }
    // Another process, by what it writes.
    assert_eq!(*kept(&one, || tagged(&world, 1, 7)).await, world.version());
    let version = other.scope(write(&world, 7)).await;
    becomes(&one, &world, 1, version).await;
    other.invalidate_tag("all").await.unwrap();
    let version = world.changes();
    becomes(&one, &world, 1, version).await;
}

/// By this process it is seen at once, and what was being read meanwhile is not kept.
#[tokio::test]
async fn an_invalidation_of_this_process_is_seen_at_once() {
    let Scene { server: _server, one, other: _, world } = Scene::start();
    for _ in 0..20 {
        assert_eq!(*kept(&one, || tagged(&world, 1, 7)).await, world.version());
        let version = one.scope(write(&world, 7)).await;
        assert_eq!(*one.scope(tagged(&world, 1, 7)).await, version);
    }
}

#[tokio::test]
async fn another_tag_ends_nothing() {
    let Scene { server: _server, one, other, world } = Scene::start();
    assert_eq!(*kept(&one, || tagged(&world, 1, 7)).await, 1);
    world.changes();
    other.invalidate_tag("org:8").await.unwrap();
    // It is heard after all that was said before.
    assert_eq!(*kept(&one, || tagged(&world, 2, 8)).await, 2);
    assert_eq!(looked(&one, tagged(&world, 1, 7)).await, (1.into(), true));
}

#[tokio::test]
async fn what_is_kept_is_for_calls_with_its_tags() {
    let (server, world) = (RedisServer::start(), World::default());
    let cache = cache_at(&server.url());
    assert_eq!(*kept(&cache, || tagged(&world, 1, 7)).await, 1);
    world.changes();
    // As in the store: it has other tags, and is replaced.
    assert_eq!(looked(&cache, tagged(&world, 1, 8)).await, (2.into(), false));
    assert_eq!(*kept(&cache, || tagged(&world, 1, 8)).await, 2);
    world.changes();
    assert_eq!(looked(&cache, untagged(&world, 1)).await, (3.into(), false));
    assert_eq!(*kept(&cache, || untagged(&world, 1)).await, 3);
    world.changes();
    assert_eq!(looked(&cache, tagged(&world, 1, 7)).await, (4.into(), false));
}

#[tokio::test]
async fn a_soft_invalidation_makes_it_stale() {
    let Scene { server: _server, one, other, world } = Scene::start();
    assert_eq!(kept(&one, || soft(world.clone(), 1, 7)).await, 1);
    world.changes();
    assert!(looked(&one, soft(world.clone(), 1, 7)).await.1);
    other.soft_invalidate_tag("org:7").await.unwrap();
    eventually(DEADLINE, async || !looked(&one, soft(world.clone(), 1, 7)).await.1).await;
    eventually(DEADLINE, async || one.scope(soft(world.clone(), 1, 7)).await == 2).await;
    assert_eq!(kept(&one, || soft(world.clone(), 1, 7)).await, 2);
}
