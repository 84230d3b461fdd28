//! Whoever changes a key: it is not served from memory any more.

use super::*;
use cache_tests::{RedisServer, Scene, builder_at, stored};

#[tokio::test]
async fn a_second_hit_asks_nobody() {
    let Scene { server, one, world, .. } = Scene::start();
    kept_item(&one, &world).await;
    let (gets, multis) = (server.calls("get"), server.calls("multi"));
    for _ in 0..100 {
        let (value, memory) = looked(&one, item(&world, 7)).await;
        assert!(memory && *value == 1);
    }
    assert!(server.calls("multi") == multis, "no call has asked");
    // The heartbeats do.
    eventually(DEADLINE, async || server.calls("get") > gets).await;
    let stats = one.stats().await;
    assert_eq!(world.readers(), 1);
    assert!(stats.process.total.memory_hits >= 100);
    assert!(stats.process.total.hits > stats.process.total.memory_hits);
    let l1 = stats.process.l1.unwrap();
    assert_eq!((l1.entries, l1.tracked, l1.evictions, l1.drops), (1, true, 0, 0));
    assert!((100..1_000).contains(&l1.bytes), "{l1:?}");
}

#[tokio::test]
async fn a_hand_deletes_it() {
    let Scene { server, one, world, .. } = Scene::start();
    kept_item(&one, &world).await;
    world.changes();
    server.command::<()>(&["DEL", KEY]);
    renewed(&one, &world, 2).await;
    assert!(one.stats().await.process.l1.unwrap().pushes >= 1);
}

#[tokio::test]
async fn another_language_writes_it() {
    let Scene { server, one, world, .. } = Scene::start();
    kept_item(&one, &world).await;
    server.command::<()>(&["SET", KEY, "9", "EX", "100"]);
    renewed(&one, &world, 9).await;
    assert_eq!(*kept(&one, || item(&world, 7)).await, 9);
    // One that never expires is as good.
    server.command::<()>(&["MSET", "t:other", "1", KEY, "10"]);
    renewed(&one, &world, 10).await;
    assert_eq!(*kept(&one, || item(&world, 7)).await, 10);
}

#[tokio::test]
async fn another_process_invalidates_it() {
    let Scene { server: _server, one, other, world } = Scene::start();
    for cache in [&one, &other] {
        kept_item(cache, &world).await;
    }
    world.changes();
    assert!(other.invalidate("item:7").await.unwrap());
    // There it is seen at once.
    assert_eq!(*other.scope(item(&world, 7)).await, 2);
    renewed(&one, &world, 2).await;
}

#[tokio::test]
async fn its_life_ends() {
    let Scene { server, one, world, .. } = Scene::start();
    kept_item(&one, &world).await;
    world.changes();
    server.command::<()>(&["PEXPIRE", KEY, "1"]);
    renewed(&one, &world, 2).await;
}

#[tokio::test]
async fn it_is_renamed_away() {
    let Scene { server, one, world, .. } = Scene::start();
    kept_item(&one, &world).await;
    world.changes();
    server.command::<()>(&["RENAME", KEY, "t:elsewhere"]);
    renewed(&one, &world, 2).await;
}

#[tokio::test]
async fn redis_evicts_it() {
    let Scene { server, one, world, .. } = Scene::start();
    kept_item(&one, &world).await;
    world.changes();
    server.config_set("maxmemory-policy", "allkeys-random");
    server.config_set("maxmemory", "1");
    // Whatever is written evicts all there is, and is refused.
    eventually(DEADLINE, async || {
        let _ = server.try_command::<()>(&["SET", "t:large", "x"]);
        stored(&server, KEY).is_none()
    })
    .await;
    server.config_set("maxmemory", "0");
    renewed(&one, &world, 2).await;
}

#[tokio::test]
async fn everything_is_flushed() {
    for command in ["FLUSHALL", "FLUSHDB"] {
        let Scene { server, one, world, .. } = Scene::start();
        kept_item(&one, &world).await;
        world.changes();
        server.command::<()>(&[command]);
        renewed(&one, &world, 2).await;
        assert_eq!(one.stats().await.process.l1.unwrap().drops, 1);
        assert_eq!(*kept(&one, || item(&world, 7)).await, 2);
    }
}

#[tokio::test]
async fn many_keys_make_room_for_each_other() {
    let server = RedisServer::start();
    let cache = builder_at(&server.url()).l1_capacity(100_000).build().unwrap();
    let world = World::default();
    kept_item(&cache, &world).await;
    let l1 = async || cache.stats().await.process.l1.unwrap();
    eventually(DEADLINE, async || {
        for id in 0..1_000 {
            cache.scope(item(&world, id)).await;
        }
        l1().await.evictions > 500
    })
    .await;
    let l1 = l1().await;
    assert!(l1.bytes <= 100_000 && l1.capacity >= 100_000, "{l1:?}");
}

#[tokio::test]
async fn a_pattern_and_a_clear_are_seen_at_once() {
    let Scene { server: _server, one, world, .. } = Scene::start();
    for version in [2, 3] {
        kept(&one, || item(&world, 7)).await;
        world.changes();
        if version == 2 {
            one.invalidate_matching("item:*").await.unwrap();
        } else {
            one.clear().await.unwrap();
        }
        assert_eq!(*one.scope(item(&world, 7)).await, version);
    }
}
