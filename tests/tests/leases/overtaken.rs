//! An invalidation in mid-body: what the body returns goes to its caller, and nowhere else.

use super::*;
use cache_tests::{RedisServer, Scene, builder_at, cache_at};
use std::time::Duration;

/// Changes the data, takes the old value out from another process, and lets the body end.
async fn overtaken(id: u64, invalidate: impl AsyncFnOnce(&Cache)) {
    let Scene { server: _server, one, other, world } = Scene::start();
    world.reading.close();

    let old = call(&one, &world, id);
    world.reading.reached(1).await;
    world.becomes(2);
    invalidate(&other).await;
    world.reading.open();

    assert_eq!(old.await.unwrap(), 1, "the caller gets what its body returned");
    for cache in [&one, &other] {
        assert_eq!(cache.scope(item(&world, id)).await, 2, "nobody after it does");
    }
}

#[tokio::test]
async fn by_a_delete() {
    overtaken(7, async |other| {
        let was_there = other.scope(async { item_entry(7).invalidate().await }).await;
        assert!(!was_there.unwrap(), "a lease is not a value");
    })
    .await;
}

#[tokio::test]
async fn by_a_delete_of_the_key() {
    overtaken(7, async |other| assert!(!other.invalidate("item:7").await.unwrap())).await;
}

#[tokio::test]
async fn by_a_pattern() {
    overtaken(7, async |other| assert_eq!(other.invalidate_matching("item:*").await.unwrap(), 0))
        .await;
}

#[tokio::test]
async fn by_a_clear() {
    overtaken(7, async |other| assert_eq!(other.clear().await.unwrap(), 0)).await;
}

#[tokio::test]
async fn by_all_of_a_function() {
    overtaken(7, async |other| {
        assert_eq!(other.invalidate_function("leases.item").await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn by_a_put() {
    overtaken(7, async |other| {
        assert!(other.scope(async { item_entry(7).put(&2).await }).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn by_a_refresh() {
    overtaken(7, async |other| {
        let world = held();
        world.becomes(2);
        world.reading.open();
        assert_eq!(cache_runtime::refresh(other.scope(item(&world, 7))).await, 2);
    })
    .await;
}

#[tokio::test]
async fn in_the_same_process_too() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let world = held();

    let old = call(&cache, &world, 7);
    world.reading.reached(1).await;
    world.becomes(2);
    cache.invalidate("item:7").await.unwrap();
    // Who comes now does not join the flight of before.
    let new = call(&cache, &world, 7);
    world.reading.reached(2).await;
    world.reading.open();
    assert_eq!((old.await.unwrap(), new.await.unwrap()), (1, 2));
    assert_eq!(cache.scope(item(&world, 7)).await, 2);
}

#[tokio::test]
async fn who_joins_after_another_process_invalidated_is_not_given_the_old_value() {
    let Scene { server: _server, one, other, world } = Scene::start();
    world.reading.close();

    let leader = call(&one, &world, 7);
    world.reading.reached(1).await;
    world.becomes(2);
    other.invalidate("item:7").await.unwrap();
    // The first process has not heard of it, and its flight is still open.
    let joined = call(&one, &world, 7);
    world.reading.open();
    assert_eq!(leader.await.unwrap(), 1);
    assert_eq!(joined.await.unwrap(), 2);
}

/// As above, where the leader computes beside another process' lease, and so stores nothing.
#[tokio::test]
async fn nor_is_who_joins_one_that_has_no_lease() {
    let server = RedisServer::start();
    let (holder, other) = (cache_at(&server.url()), cache_at(&server.url()));
    let hasty = builder_at(&server.url()).wait(Duration::from_millis(100)).build().unwrap();
    let world = held();

    let held = call(&holder, &world, 7);
    world.reading.reached(1).await;
    let leader = call(&hasty, &world, 7);
    world.reading.reached(2).await;
    world.becomes(2);
    other.invalidate("item:7").await.unwrap();
    let joined = call(&hasty, &world, 7);
    // On the same connection behind what that one has asked by now.
    hasty.ping().await.unwrap();
    world.reading.open();
    assert_eq!((held.await.unwrap(), leader.await.unwrap()), (1, 1));
    assert_eq!(joined.await.unwrap(), 2);
}

#[tokio::test]
async fn what_a_pattern_does_not_name_is_stored() {
    let Scene { server: _server, one, other, world } = Scene::start();
    world.reading.close();

    let running = call(&one, &world, 7);
    world.reading.reached(1).await;
    other.invalidate_matching("item:8*").await.unwrap();
    world.reading.open();
    running.await.unwrap();
    assert_eq!(other.scope(async { item_entry(7).get().await }).await.unwrap(), Some(1));
}
