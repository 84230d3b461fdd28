//! Soft invalidations: what a function's stale windows allow is served on.

use super::*;
use cache_runtime::defer_invalidations;
use cache_tests::{
    Fault, FaultProxy, Scene, builder_at, cache_at, called, moved, outcome, replayed,
};

#[redis_invalidate(soft_tags = ["org:{org}"])]
async fn touch(world: &World, org: u64) -> u64 {
    world.commit().await
}

/// Served where the body fails, and never else.
#[redis_cache(ttl = 60, key = "careful:{org}", tags = ["org:{org}"], stale_if_error = "120s")]
async fn careful(world: &World, org: u64) -> Result<u64, String> {
    world.try_read().await
}

/// A call of the report; in words what it came to.
async fn call(cache: &Cache, world: &World) -> (u64, &'static str) {
    let (value, observed, _) = called(cache, report(world.clone(), 7)).await;
    (value.unwrap(), outcome(observed))
}

#[tokio::test]
async fn what_may_be_stale_is_served_while_it_is_refreshed() {
    let Scene { server: _server, one, other, world } = Scene::start();
    assert_eq!(call(&one, &world).await, (1, "miss"));
    assert_eq!(other.scope(touch(&world, 7)).await, 2);
    world.reading.close();
    assert_eq!(call(&one, &world).await, (1, "stale"));
    world.reading.reached(2).await;
    assert_eq!(call(&other, &world).await, (1, "stale"), "one refreshes it");
    world.reading.open();
    eventually(DEADLINE, || async { call(&other, &world).await == (2, "hit") }).await;
    assert_eq!(call(&one, &world).await, (2, "hit"));
}

#[tokio::test]
async fn in_memory_too() {
    let ((_, cache), world) = (moved(), World::default());
    assert_eq!(call(&cache, &world).await, (1, "miss"));
    assert_eq!(cache.soft_invalidate_tag("org:8").await, Ok(false));
    assert_eq!(cache.soft_invalidate_tag("org:7").await, Ok(true));
    world.changes();
    assert_eq!(call(&cache, &world).await, (1, "stale"));
    assert!(cache.shutdown().await);
    assert_eq!(call(&cache, &world).await, (2, "hit"));
}

#[tokio::test]
async fn without_windows_it_is_gone() {
    let Scene { server: _server, one, other, world } = Scene::start();
    assert_eq!(read(&one, &world, 7, 1).await, 1);
    one.scope(touch(&world, 7)).await;
    assert_eq!(kept(&other, 7, 1).await, None);
    assert_eq!(read(&other, &world, 7, 1).await, 2);
}

#[tokio::test]
async fn in_the_place_of_a_failure() {
    let ((clock, cache), world) = (moved(), World::default());
    let call = || cache.scope(careful(&world, 7));
    assert_eq!(call().await, Ok(1));
    cache.soft_invalidate_tag("org:7").await.unwrap();
    let entry = cache.scope(async { careful_entry(7) }).await;
    assert_eq!((entry.get().await, entry.ttl().await), (Ok(None), Ok(Some(Duration::ZERO))));
    world.fails(true);
    assert_eq!(call().await, Ok(1));
    clock.advance(3 * PAST_TTL);
    assert_eq!(call().await, Err("down".to_owned()), "its life has ended");
}

/// Two kinds of invalidation, in both orders: the hard one decides.
#[tokio::test]
async fn a_hard_one_beside_a_soft_one() {
    for soft_first in [true, false] {
        let ((_, cache), world) = (moved(), World::default());
        assert_eq!(call(&cache, &world).await, (1, "miss"));
        for soft in [soft_first, !soft_first] {
            match soft {
                true => cache.soft_invalidate_tag("org:7").await.map(drop).unwrap(),
                false => cache.invalidate_tag("org:7").await.map(drop).unwrap(),
            }
        }
        world.changes();
        assert_eq!(call(&cache, &world).await, (2, "miss"));
    }
}

/// What began before is stale when it is there, and nobody who comes later waits for it.
#[tokio::test]
async fn a_computation_in_flight() {
    let Scene { server: _server, one, other, world } = Scene::start();
    for by in [&one, &other] {
        let before = world.version();
        world.reading.close();
        let readers = world.readers();
        let old = spawn_read(&one, &world, 7, before);
        world.reading.reached(readers + 1).await;
        world.changes();
        by.soft_invalidate_tag("org:7").await.unwrap();
        world.reading.open();
        assert_eq!(soon(old).await, before);
        assert_eq!(kept(&one, 7, before).await, None);
    }
}

#[tokio::test]
async fn deferred_and_each_once() {
    let Scene { server: _server, one, world, .. } = Scene::start();
    assert_eq!(call(&one, &world).await, (1, "miss"));
    let deferred = defer_invalidations(async {
        touch(&world, 7).await;
        touch(&world, 7).await;
        assert_eq!(call(&one, &world).await, (1, "hit"), "not committed yet");
    });
    one.scope(deferred).await;
    assert_eq!(call(&one, &world).await, (1, "stale"));
}

/// What cannot be said now is said for good later.
#[tokio::test]
async fn with_redis_away_it_becomes_a_hard_one() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let one = builder_at(&proxy.url()).timeout(Duration::from_secs(1)).build().unwrap();
    let (other, world) = (cache_at(&server.url()), World::default());
    assert_eq!(call(&one, &world).await, (1, "miss"));
    proxy.set(Fault::Drop);
    one.scope(touch(&world, 7)).await;
    assert_eq!(one.stats().await.journal.waiting, 1);
    assert_eq!(call(&one, &world).await, (2, "miss"));
    proxy.set(Fault::None);
    replayed(&one).await;
    assert_eq!(call(&other, &world).await, (2, "miss"));
}
