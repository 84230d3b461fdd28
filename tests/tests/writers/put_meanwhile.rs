//! What happens to the key while the body of a put runs.

use super::*;
use cache_tests::{Scene, cache_at, lease, limited, own_process, wait_for_line};
use std::process::Stdio;

/// A put without a gate.
#[redis_put(item(id))]
async fn save_at_once(world: &World, id: u64) -> u64 {
    world.changes()
}

/// A put in mid-body, which has committed 2.
async fn saving(world: &World, cache: &Cache) -> JoinHandle<Written> {
    world.writing.close();
    let saving = spawn_save(cache, world, 7, End::Ok);
    world.writing.reached(1).await;
    saving
}

/// The data changes once more in mid-body, and somebody says so.
async fn overtaken(invalidate: impl AsyncFnOnce(&Cache)) {
    let Scene { server, one, other, world } = Scene::start();
    let saving = saving(&world, &one).await;
    world.becomes(3);
    invalidate(&other).await;
    world.writing.open();
    assert_eq!(saving.await.unwrap(), Ok(2), "its caller gets what its body returned");
    assert!(!has_value(&server, 7) && !has_lease(&server, 7));
    for cache in [&one, &other] {
        assert_eq!(read(cache, &world, 7).await, 3);
    }
    assert_eq!(one.stats().await.journal.queued, 0, "Redis was there");
}

#[tokio::test]
async fn an_invalidation() {
    overtaken(async |other| {
        other.invalidate("item:7").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_of_the_entry() {
    overtaken(async |other| {
        other.scope(async { item_entry(7).invalidate().await }).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_invalidating_writer() {
    overtaken(async |other| other.scope(outage::touch(7)).await).await;
}

#[tokio::test]
async fn an_invalidation_of_a_pattern() {
    overtaken(async |other| {
        other.invalidate_matching("item:*").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_of_the_function() {
    overtaken(async |other| {
        other.invalidate_function("writers.item").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_clear() {
    overtaken(async |other| {
        other.clear().await.unwrap();
    })
    .await;
}

/// Nobody knows which of the two has committed last.
#[tokio::test]
async fn another_put() {
    let Scene { server, one, other, world } = Scene::start();
    let saving = saving(&world, &one).await;
    assert_eq!(other.scope(save_at_once(&world, 7)).await, 3);
    assert_eq!(value(&server, 7).as_deref(), Some("3"));
    world.writing.open();
    assert_eq!(saving.await.unwrap(), Ok(2));
    assert!(!has_value(&server, 7), "neither an older value, nor one that may be older");
    assert_eq!(read(&other, &world, 7).await, 3);
}

#[tokio::test]
async fn a_reader_elsewhere_that_began_before() {
    let Scene { server: _server, one, other, world } = Scene::start();
    world.reading.close();
    let old = spawn_read(&other, &world, 7);
    world.reading.reached(1).await;
    one.scope(save(&world, 7, End::Ok)).await.unwrap();
    world.reading.open();
    assert_eq!(old.await.unwrap(), 1, "its caller gets what its body returned");
    for cache in [&one, &other] {
        assert_eq!(read(cache, &world, 7).await, 2);
    }
    assert_eq!(world.readers(), 1, "the put's value is there");
}

#[tokio::test]
async fn a_reader_here_that_began_before_is_not_joined() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    world.reading.close();
    let old = spawn_read(&cache, &world, 7);
    world.reading.reached(1).await;
    cache.scope(save(&world, 7, End::Ok)).await.unwrap();
    assert_eq!(limited(read(&cache, &world, 7)).await, 2, "at once");
    world.reading.open();
    assert_eq!(old.await.unwrap(), 1);
    assert_eq!(value(&server, 7).as_deref(), Some("2"));
}

/// The key has no value: whoever misses waits for the one that is about to be there.
#[tokio::test]
async fn readers_that_miss_get_the_new_value() {
    let Scene { server: _server, one, other, world } = Scene::start();
    let saving = saving(&world, &one).await;
    let readers = [spawn_read(&one, &world, 7), spawn_read(&other, &world, 7)];
    world.writing.open();
    saving.await.unwrap().unwrap();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), 2);
    }
    assert_eq!(world.readers(), 0);
}

/// And not for a computation that is older, and slower.
#[tokio::test]
async fn who_comes_while_the_body_runs_waits_for_it() {
    let Scene { server: _server, one: cache, world, .. } = Scene::start();
    world.reading.close();
    let old = spawn_read(&cache, &world, 7);
    world.reading.reached(1).await;
    let saving = saving(&world, &cache).await;
    let new = spawn_read(&cache, &world, 7);
    // On the same connection behind what the new one has asked by now.
    cache.ping().await.unwrap();
    world.writing.open();
    saving.await.unwrap().unwrap();
    assert_eq!(limited(new).await.unwrap(), 2);
    world.reading.open();
    assert_eq!(old.await.unwrap(), 1);
}

/// It would wait for itself.
#[tokio::test]
async fn a_call_inside_of_the_body_does_not_wait() {
    #[redis_put(item(id))]
    async fn add_one(world: &World, id: u64) -> u64 {
        let now = item(world, id).await;
        world.becomes(now + 1);
        now + 1
    }

    let Scene { server, one: cache, world, .. } = Scene::start();
    assert_eq!(limited(cache.scope(add_one(&world, 7))).await, 2);
    assert_eq!(value(&server, 7).as_deref(), Some("2"), "what the call computed is not stored");
}

/// Nor inside of a further put.
#[tokio::test]
async fn a_call_inside_of_two_bodies_waits_for_neither() {
    #[redis_put(item(8))]
    async fn inner(world: &World) -> u64 {
        item(world, 7).await + item(world, 8).await
    }

    #[redis_put(item(7))]
    async fn outer(world: &World) -> u64 {
        inner(world).await
    }

    let Scene { one: cache, world, server: _server, .. } = Scene::start();
    assert_eq!(limited(cache.scope(outer(&world))).await, 2);
}

#[tokio::test]
async fn a_long_body_keeps_the_lease() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    let saving = saving(&world, &cache).await;
    let (mut renewed, mut last) = (0, i64::MAX);
    eventually(DEADLINE, || {
        let left: i64 = server.command(&["PTTL", &lease(&key(7))]);
        assert!(left > 0, "the lease ran out");
        renewed += u32::from(left > last);
        last = left;
        async move { renewed == 4 }
    })
    .await;
    world.writing.open();
    saving.await.unwrap().unwrap();
    assert_eq!(value(&server, 7).as_deref(), Some("2"));
}

const SERVER: &str = "PUT_TEST_SERVER";

/// Not a test by itself: what the killed process runs.
#[tokio::test]
async fn writer() {
    let Ok(url) = std::env::var(SERVER) else { return };
    let (cache, world) = (cache_at(&url), World::default());
    let saving = saving(&world, &cache).await;
    println!("\nwriting");
    saving.await.unwrap().unwrap();
}

#[tokio::test]
async fn its_process_is_killed() {
    let server = RedisServer::start();
    let mut writer = own_process("put_meanwhile::writer", SERVER, &server.url())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_line(&mut writer, "writing");
    assert!(has_lease(&server, 7));

    let (cache, world) = (cache_at(&server.url()), World::default());
    let waiting = spawn_read(&cache, &world, 7);
    writer.kill().unwrap();
    writer.wait().unwrap();
    let left: i64 = server.command(&["PTTL", &lease(&key(7))]);
    assert!(left <= 2_000, "it would last for {left} ms more");
    assert_eq!(waiting.await.unwrap(), 1);
    assert_eq!(value(&server, 7).as_deref(), Some("1"), "it had the lease");
}
