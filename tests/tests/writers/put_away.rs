//! Redis is away, at any moment of a put: the write succeeds, and nothing old is served by this
//! process until Redis has acknowledged.

use super::*;
use cache_tests::{DEADLINE, Fault, FaultProxy, Scene, limited, waited};

/// One behind a proxy, which knows an old value.
async fn behind_a_proxy() -> (RedisServer, FaultProxy, Cache, World) {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let (cache, world) = (hasty(&proxy.url()), World::default());
    assert_eq!(read(&cache, &world, 7).await, 1);
    (server, proxy, cache, world)
}

/// In mid-body of a put that has committed 2 and has the lease.
async fn in_mid_body(server: &RedisServer, cache: &Cache, world: &World) -> Saving {
    world.writing.close();
    let saving = spawn_save(cache, world, 7, End::Ok);
    world.writing.reached(1).await;
    assert!(has_lease(server, 7));
    saving
}

type Saving = JoinHandle<Written>;

/// The body ends; nothing that is old is served here, now or later.
async fn ends_well(world: &World, cache: &Cache, saving: Saving) {
    world.writing.open();
    assert_eq!(limited(saving).await.unwrap(), Ok(2));
    assert_eq!(waiting(cache).await, 1);
    assert_eq!(limited(read(cache, world, 7)).await, 2);
}

#[tokio::test]
async fn before_it_begins() {
    let (server, proxy, cache, world) = behind_a_proxy().await;
    proxy.set(Fault::Drop);
    assert_eq!(limited(cache.scope(save(&world, 7, End::Ok))).await, Ok(2));
    assert_eq!(waiting(&cache).await, 1);
    assert!(has_value(&server, 7), "the old value is still there");
    assert_eq!(read(&cache, &world, 7).await, 2, "but not for the process that wrote");
    proxy.set(Fault::None);
    replayed(&cache).await;
    assert!(!has_value(&server, 7));
}

/// It is carried out, and nobody hears of it: then it is no lease to store under.
#[tokio::test]
async fn the_seizure_is_not_acknowledged() {
    let (server, proxy, cache, world) = behind_a_proxy().await;
    world.writing.close();
    proxy.set(Fault::BlackHole);
    let saving = spawn_save(&cache, &world, 7, End::Ok);
    world.writing.reached(1).await;
    proxy.set(Fault::None);
    eventually(DEADLINE, || async { cache.ping().await.is_ok() }).await;
    world.writing.open();
    assert_eq!(limited(saving).await.unwrap(), Ok(2));
    assert_eq!(cache.stats().await.journal.queued, 1);
    replayed(&cache).await;
    assert!(!has_value(&server, 7) && !has_lease(&server, 7));
}

#[tokio::test]
async fn the_store_is_not_acknowledged() {
    let (server, proxy, cache, world) = behind_a_proxy().await;
    let saving = in_mid_body(&server, &cache, &world).await;
    proxy.set(Fault::BlackHole);
    ends_well(&world, &cache, saving).await;
    proxy.set(Fault::None);
    replayed(&cache).await;
    assert_eq!(read(&cache, &world, 7).await, 2);
}

#[tokio::test]
async fn it_stands_still_in_mid_body() {
    let server = RedisServer::start();
    let (cache, world) = (hasty(&server.url()), World::default());
    assert_eq!(read(&cache, &world, 7).await, 1);
    let begun = Instant::now();
    let saving = in_mid_body(&server, &cache, &world).await;
    let before = begun.elapsed();
    server.stop();
    world.writing.open();
    let (written, waited) = waited(saving).await;
    assert_eq!(written.unwrap(), Ok(2));
    // What the lease took before the body is of the same budget.
    let one = HASTY.saturating_sub(before)..HASTY * 11 / 10;
    assert!(one.contains(&waited), "one budget, not {waited:?} after {before:?}");
    assert_eq!(waiting(&cache).await, 1);
    assert_eq!(limited(read(&cache, &world, 7)).await, 2);
    server.cont();
    replayed(&cache).await;
    assert_eq!(read(&cache, &world, 7).await, 2);
}

#[tokio::test]
async fn it_is_killed_in_mid_body() {
    let mut server = RedisServer::start();
    let (cache, world) = (hasty(&server.url()), World::default());
    read(&cache, &world, 7).await;
    let saving = in_mid_body(&server, &cache, &world).await;
    server.kill();
    ends_well(&world, &cache, saving).await;
    server.restart();
    // As it would be with a snapshot from before.
    server.command::<()>(&["SET", "t:item:7", "1"]);
    replayed(&cache).await;
    assert_eq!(read(&cache, &world, 7).await, 2);
}

/// A primary that fails over may forget what it has acknowledged.
#[tokio::test]
async fn a_put_that_may_be_lost_is_invalidated_after_a_reconnect() {
    let mut server = RedisServer::start();
    let (cache, world) = (hasty(&server.url()), World::default());
    cache.scope(save(&world, 7, End::Ok)).await.unwrap();
    assert_eq!(value(&server, 7).as_deref(), Some("2"));
    server.kill();
    eventually(DEADLINE, || async { cache.ping().await.is_err() }).await;
    server.restart();
    server.command::<()>(&["SET", "t:item:7", "1"]);
    eventually(DEADLINE, || async { !has_value(&server, 7) }).await;
    assert_eq!(read(&cache, &world, 7).await, 2);
}

/// It refuses to store, and not to remove: nothing has to wait.
#[tokio::test]
async fn it_is_full() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;
    server.config_set("maxmemory-policy", "noeviction");
    server.config_set("maxmemory", "1");
    for version in [2, 3] {
        assert_eq!(cache.scope(save(&world, 7, End::Ok)).await, Ok(version));
        assert!(!has_value(&server, 7), "before the caller sees the result");
    }
    assert_eq!(cache.stats().await.journal.queued, 0);
}

/// A call that can ask nobody joins what is being computed: not what was before the put.
async fn nobody_joins(proxy: &FaultProxy, cache: &Cache, world: &World) {
    let readers = world.readers();
    proxy.set(Fault::Drop);
    let new = spawn_read(cache, world, 8);
    world.reading.reached(readers + 1).await;
    world.reading.open();
    assert_eq!(new.await.unwrap(), 2);
}

#[tokio::test]
async fn a_computation_from_before_the_put_is_not_joined() {
    let (_server, proxy, cache, world) = behind_a_proxy().await;
    world.reading.close();
    let old = spawn_read(&cache, &world, 8);
    world.reading.reached(2).await;
    assert_eq!(cache.scope(save(&world, 8, End::Ok)).await, Ok(2));
    nobody_joins(&proxy, &cache, &world).await;
    assert_eq!(old.await.unwrap(), 1);
}

/// Commits at the end of its body.
#[redis_put(item(id))]
async fn save_late(world: &World, id: u64) -> u64 {
    world.writing.pass().await;
    world.changes()
}

#[tokio::test]
async fn a_computation_from_before_the_commit_is_not_joined() {
    let (_server, proxy, cache, world) = behind_a_proxy().await;
    world.reading.close();
    world.writing.close();
    let (with, of) = (cache.clone(), world.clone());
    let saving = tokio::spawn(async move { with.scope(save_late(&of, 8)).await });
    world.writing.reached(1).await;
    // It cannot ask for the lease, and so does not wait for it.
    proxy.set(Fault::Drop);
    let old = spawn_read(&cache, &world, 8);
    world.reading.reached(2).await;
    proxy.set(Fault::None);
    eventually(DEADLINE, || async { cache.ping().await.is_ok() }).await;
    world.writing.open();
    assert_eq!(saving.await.unwrap(), 2);
    nobody_joins(&proxy, &cache, &world).await;
    assert_eq!(old.await.unwrap(), 1);
}
