//! An invalidation in mid-body: what the body returns goes to its caller, and nowhere else.

use super::*;

/// Changes the data, takes the old value out from another process, and lets the body end.
async fn overtaken(id: u64, invalidate: impl AsyncFnOnce(&Cache)) {
    let server = RedisServer::start();
    let (one, other) = (process(&server), process(&server));
    let world = World::new();

    let old = call(&one, &world, id);
    world.running(1).await;
    world.version.store(2, Ordering::SeqCst);
    invalidate(&other).await;
    world.open();

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
        let world = World::new();
        world.version.store(2, Ordering::SeqCst);
        world.open();
        assert_eq!(cache_runtime::refresh(other.scope(item(&world, 7))).await, 2);
    })
    .await;
}

#[tokio::test]
async fn in_the_same_process_too() {
    let server = RedisServer::start();
    let cache = process(&server);
    let world = World::new();

    let old = call(&cache, &world, 7);
    world.running(1).await;
    world.version.store(2, Ordering::SeqCst);
    cache.invalidate("item:7").await.unwrap();
    // Who comes now does not join the flight of before.
    let new = call(&cache, &world, 7);
    world.running(2).await;
    world.open();
    assert_eq!((old.await.unwrap(), new.await.unwrap()), (1, 2));
    assert_eq!(cache.scope(item(&world, 7)).await, 2);
}

#[tokio::test]
async fn who_joins_after_another_process_invalidated_is_not_given_the_old_value() {
    let server = RedisServer::start();
    let (one, other) = (process(&server), process(&server));
    let world = World::new();

    let leader = call(&one, &world, 7);
    world.running(1).await;
    world.version.store(2, Ordering::SeqCst);
    other.invalidate("item:7").await.unwrap();
    // The first process has not heard of it, and its flight is still open.
    let joined = call(&one, &world, 7);
    world.open();
    assert_eq!(leader.await.unwrap(), 1);
    assert_eq!(joined.await.unwrap(), 2);
}

/// As above, where the leader computes beside another process' lease, and so stores nothing.
#[tokio::test]
async fn nor_is_who_joins_one_that_has_no_lease() {
    let server = RedisServer::start();
    let (holder, other) = (process(&server), process(&server));
    let wait = Duration::from_millis(100);
    let hasty = Cache::builder().url(server.url()).prefix("shop").wait(wait).build().unwrap();
    let world = World::new();

    let held = call(&holder, &world, 7);
    world.running(1).await;
    let leader = call(&hasty, &world, 7);
    world.running(2).await;
    world.version.store(2, Ordering::SeqCst);
    other.invalidate("item:7").await.unwrap();
    let joined = call(&hasty, &world, 7);
    // On the same connection behind what that one has asked by now.
    hasty.ping().await.unwrap();
    world.open();
    assert_eq!((held.await.unwrap(), leader.await.unwrap()), (1, 1));
    assert_eq!(joined.await.unwrap(), 2);
}

#[tokio::test]
async fn what_a_pattern_does_not_name_is_stored() {
    let server = RedisServer::start();
    let (one, other) = (process(&server), process(&server));
    let world = World::new();

    let running = call(&one, &world, 7);
    world.running(1).await;
    other.invalidate_matching("item:8*").await.unwrap();
    world.open();
    running.await.unwrap();
    assert_eq!(other.scope(async { item_entry(7).get().await }).await.unwrap(), Some(1));
}
