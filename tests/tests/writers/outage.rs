//! Redis is away while somebody writes: the write succeeds, and this process does not serve the
//! old value meanwhile, although Redis, back, still holds it.

use super::*;
use cache_tests::{
    Fault, FaultProxy, Logs, Scene, builder_at, cache_at, eventually_blocking, limited,
};
use std::time::Duration;

/// More than the journal keeps apart.
const TOO_MANY: u64 = 10_001;

/// Two processes that know an old value, the first of which is cut off.
async fn cut_off(fault: Fault) -> (RedisServer, FaultProxy, Cache, Cache, World) {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let (one, other) = (hasty(&proxy.url()), cache_at(&server.url()));
    let world = World::default();
    assert_eq!(read(&one, &world, 7).await, 1);
    proxy.set(fault);
    (server, proxy, one, other, world)
}

#[tokio::test]
async fn the_write_succeeds_and_is_replayed() {
    let (server, proxy, one, other, world) = cut_off(Fault::Drop).await;
    let logs = Logs::capture("wait until they reach the store");

    let version = limited(one.scope(write(&world, 7, End::Ok))).await;
    assert_eq!(version, Ok(2));
    assert_eq!(waiting(&one).await, 1);
    assert!(has_value(&server, 7), "the old value is still there");
    assert_eq!(read(&one, &world, 7).await, 2, "but not for the process that wrote");
    limited(one.scope(write(&world, 7, End::Ok))).await.unwrap();
    assert!(!logs.lines().is_empty());

    proxy.set(Fault::None);
    replayed(&one).await;
    assert!(!has_value(&server, 7));
    for cache in [&one, &other] {
        assert_eq!(read(cache, &world, 7).await, 3);
    }
    assert!(has_value(&server, 7), "and values are stored again");
}

/// The answers come back before the replay has: the value in Redis is the old one, and within
/// reach.
#[tokio::test]
async fn the_old_value_within_reach_is_not_read() {
    let (server, proxy, one, _, world) = cut_off(Fault::BlackHole).await;
    // The server carries out what it is sent, and nobody hears of it: that is not done.
    one.scope(write(&world, 7, End::Ok)).await.unwrap();
    assert_eq!(waiting(&one).await, 1);
    server.command::<()>(&["SET", "t:item:7", "1"]);
    server.command::<()>(&["CLIENT", "PAUSE", "100000", "WRITE"]);
    proxy.set(Fault::None);
    // Reads are answered now, and the replay is not.
    eventually(DEADLINE, || async { one.ping().await.is_ok() }).await;
    assert_eq!(read(&one, &world, 7).await, 2);
    assert_eq!(one.scope(async { item_entry(7).get().await }).await, Ok(None));
    assert_eq!(read(&one, &world, 8).await, 2, "another key is none of its business");
    server.command::<()>(&["CLIENT", "UNPAUSE"]);
    replayed(&one).await;
    assert!(!has_value(&server, 7));
}

#[tokio::test]
async fn redis_is_killed_and_started_again() {
    let mut server = RedisServer::start();
    let cache = cache_at(&server.url());
    let world = World::default();
    read(&cache, &world, 7).await;
    server.kill();
    limited(cache.scope(write(&world, 7, End::Ok))).await.unwrap();
    assert_eq!(read(&cache, &world, 7).await, 2);
    assert_eq!(waiting(&cache).await, 1);
    server.restart();
    // As it would be with a snapshot from before.
    server.command::<()>(&["SET", "t:item:7", "1"]);
    replayed(&cache).await;
    assert_eq!(read(&cache, &world, 7).await, 2);
}

#[tokio::test]
async fn calls_coalesce_while_they_cannot_ask() {
    let (_server, _proxy, one, _, world) = cut_off(Fault::Drop).await;
    one.scope(write(&world, 7, End::Ok)).await.unwrap();
    world.reading.close();
    let calls: Vec<_> = (0..20).map(|_| spawn_read(&one, &world, 7)).collect();
    world.reading.reached(2).await; // one of them, and one before the outage
    world.reading.open();
    for call in calls {
        assert_eq!(call.await.unwrap(), 2);
    }
    assert_eq!(world.readers(), 2);
}

#[tokio::test]
async fn a_flight_from_before_is_not_joined() {
    let (_server, _proxy, one, _, world) = cut_off(Fault::Drop).await;
    world.reading.close();
    let old = spawn_read(&one, &world, 8);
    world.reading.reached(2).await;
    one.scope(write(&world, 8, End::Ok)).await.unwrap();
    let new = spawn_read(&one, &world, 8);
    world.reading.reached(3).await;
    world.reading.open();
    assert_eq!((old.await.unwrap(), new.await.unwrap()), (1, 2));
}

#[redis_invalidate(item(id))]
pub(super) async fn touch(id: u64) {}

#[tokio::test]
async fn too_many_distrust_everything_until_all_is_cleared() {
    let (server, proxy, one, other, world) = cut_off(Fault::Drop).await;
    for id in 0..TOO_MANY {
        one.scope(touch(1_000 + id)).await;
    }
    assert!(one.stats().await.journal.everything);
    world.becomes(2);
    assert_eq!(read(&one, &world, 7).await, 2, "nothing is read");
    proxy.set(Fault::None);
    replayed(&one).await;
    assert!(!has_value(&server, 7), "all of it was cleared");
    assert_eq!(read(&other, &world, 7).await, 2);
}

/// What Redis acknowledged last may be lost with the primary that did.
#[tokio::test]
async fn the_last_invalidations_are_sent_again_after_a_reconnect() {
    let mut server = RedisServer::start();
    let clock = cache_runtime::Clock::manual();
    let builder = builder_at(&server.url()).clock(clock.clone());
    let cache = builder.build().unwrap();
    cache.scope(touch(1)).await;
    clock.advance(Duration::from_secs(31));
    cache.scope(touch(2)).await;
    assert_eq!(cache.stats().await.journal.queued, 0);
    server.kill();
    eventually(DEADLINE, || async { cache.ping().await.is_err() }).await;
    server.restart();
    for id in [1, 2] {
        server.command::<()>(&["SET", &format!("t:item:{id}"), "1"]);
    }
    eventually(DEADLINE, || async { !has_value(&server, 2) }).await;
    assert!(has_value(&server, 1), "that was long before");
    assert_eq!(cache.stats().await.journal.queued, 1);
}

/// Those of the time before it was lost, however long it was away then.
#[tokio::test]
async fn the_last_invalidations_are_sent_again_after_a_long_outage() {
    let mut server = RedisServer::start();
    let clock = cache_runtime::Clock::manual();
    let builder = builder_at(&server.url()).clock(clock.clone());
    let cache = builder.build().unwrap();
    cache.scope(touch(1)).await;
    server.kill();
    eventually(DEADLINE, || async { cache.ping().await.is_err() }).await;
    clock.advance(Duration::from_secs(600));
    server.restart();
    server.command::<()>(&["SET", "t:item:1", "1"]);
    eventually(DEADLINE, || async { !has_value(&server, 1) }).await;
}

#[tokio::test]
async fn a_shutdown_waits_for_what_waits() {
    let (server, proxy, one, _, world) = cut_off(Fault::Drop).await;
    assert!(limited(one.shutdown()).await);
    limited(one.scope(write(&world, 7, End::Ok))).await.unwrap();
    assert!(!one.shutdown_within(Duration::from_millis(10)).await);
    proxy.set(Fault::None);
    assert!(limited(one.shutdown()).await);
    assert!(!has_value(&server, 7));
}

/// As one of a thread that only comes by now and then; nobody calls, either.
#[test]
fn the_runtime_of_the_writer_stands_still() {
    replayed_without(std::mem::forget);
}

#[test]
fn the_runtime_of_the_writer_is_gone() {
    replayed_without(drop);
}

fn replayed_without(leave: fn(tokio::runtime::Runtime)) {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let cache = cache_at(&proxy.url());
    let world = World::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        read(&cache, &world, 7).await;
        proxy.set(Fault::Drop);
        cache.scope(write(&world, 7, End::Ok)).await.unwrap();
    });
    assert!(has_value(&server, 7));
    leave(runtime);
    proxy.set(Fault::None);
    eventually_blocking(DEADLINE, || !has_value(&server, 7));
}

/// What Redis acknowledged last is sent again by whoever has seen it come back.
#[test]
fn the_runtime_of_the_writer_is_gone_when_redis_comes_back() {
    let mut server = RedisServer::start();
    let cache = cache_at(&server.url());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime().block_on(cache.scope(touch(1)));
    runtime().block_on(async {
        cache.ping().await.unwrap();
        server.kill();
        eventually(DEADLINE, || async { cache.ping().await.is_err() }).await;
        server.restart();
        server.command::<()>(&["SET", "t:item:1", "1"]);
        eventually(DEADLINE, || async { !has_value(&server, 1) }).await;
    });
}

#[test]
fn dropped_outside_of_a_runtime() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    world.writing.close();
    let mut writing = Box::pin(cache.scope(write(&world, 7, End::Ok)));
    runtime().block_on(async {
        read(&cache, &world, 7).await;
        tokio::select! {
            _ = &mut writing => panic!("the gate is closed"),
            () = world.writing.reached(1) => {}
        }
    });
    drop(writing);
    eventually_blocking(DEADLINE, || !has_value(&server, 7));
    runtime().block_on(async { assert_eq!(read(&cache, &world, 7).await, 2) });
}

/// The store takes values and removes none: what this process is computing is not stored over what
/// it could not tell.
#[tokio::test]
async fn what_waits_is_not_overtaken_by_a_computation_of_this_process() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    world.reading.close();
    let old = spawn_read(&cache, &world, 7);
    world.reading.reached(1).await;
    server.command::<()>(&["ACL", "SETUSER", "default", "-unlink"]);
    cache.scope(write(&world, 7, End::Ok)).await.unwrap();
    assert_eq!(waiting(&cache).await, 1);
    world.reading.open();
    assert_eq!(old.await.unwrap(), 1);
    assert!(!has_value(&server, 7));
    server.command::<()>(&["ACL", "SETUSER", "default", "+unlink"]);
    replayed(&cache).await;
    assert_eq!(read(&cache, &world, 7).await, 2);
}

/// The WARN of who waits tells why by itself.
#[tokio::test]
async fn the_log_says_why_invalidations_wait() {
    let mut server = RedisServer::start();
    let cache = hasty(&server.url());
    let world = World::default();
    read(&cache, &world, 7).await;
    server.kill();
    eventually(DEADLINE, || async { cache.ping().await.is_err() }).await;
    eventually(DEADLINE, || async { cache.ping().await == Err(cache_runtime::Error::Unavailable) })
        .await;
    let logs = Logs::capture("wait until they reach the store");
    cache.scope(write(&world, 7, End::Ok)).await.unwrap();
    let said = logs.lines().concat();
    assert!(
        said.contains("refused") || said.contains("broken pipe") || said.contains("reset"),
        "{said}"
    );
    assert!(!said.contains("the log says why"), "{said}");
}
