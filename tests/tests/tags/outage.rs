//! Redis is away while a writer invalidates a tag.

use super::*;
use cache_tests::{Fault, FaultProxy, builder_at, cache_at, limited, replayed};

#[tokio::test]
async fn the_tag_is_distrusted_until_it_is_replayed() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let hasty = Duration::from_secs(1);
    let one = builder_at(&proxy.url()).timeout(hasty).build().unwrap();
    let (other, world) = (cache_at(&server.url()), World::default());
    for page in [1, 2] {
        assert_eq!(read(&one, &world, 7, page).await, 1);
    }
    assert_eq!(read(&one, &world, 8, 1).await, 1);

    proxy.set(Fault::Drop);
    assert_eq!(limited(one.scope(write(&world, 7))).await, 2, "the write succeeds");
    assert_eq!(one.stats().await.journal.waiting, 1, "one tag, whatever has it");
    assert!(has_tag(&server, "org:7"), "nobody could tell Redis");
    for page in [1, 2] {
        assert_eq!(read(&one, &world, 7, page).await, 2, "the process that wrote has it anew");
        assert_eq!(kept(&one, 7, page).await, None);
    }

    proxy.set(Fault::None);
    replayed(&one).await;
    assert!(!has_tag(&server, "org:7"));
    for cache in [&one, &other] {
        assert_eq!(read(cache, &world, 7, 1).await, 2);
        assert_eq!(read(cache, &world, 8, 1).await, 1, "another tag is none of its business");
    }
    assert_eq!(kept(&other, 7, 1).await, Some(2), "and values are stored again");
}

/// Within reach, and not to be read: the answer comes back before the replay has.
#[tokio::test]
async fn what_has_a_tag_that_waits_is_not_read() {
    let server = RedisServer::start();
    let one = cache_at(&server.url());
    let world = World::default();
    assert_eq!(read(&one, &world, 7, 1).await, 1);
    assert_eq!(read(&one, &world, 8, 1).await, 1);
    server.command::<()>(&["ACL", "SETUSER", "default", "-unlink"]);
    one.scope(write(&world, 7)).await;
    assert_eq!(one.stats().await.journal.waiting, 1);
    assert_eq!(read(&one, &world, 7, 1).await, 2);
    assert_eq!(kept(&one, 7, 1).await, None);
    assert_eq!(kept(&one, 8, 1).await, Some(1));
    server.command::<()>(&["ACL", "SETUSER", "default", "+unlink"]);
    replayed(&one).await;
    assert_eq!(read(&one, &world, 7, 1).await, 2);
    assert_eq!(kept(&one, 7, 1).await, Some(2));
}

/// Nobody can say whether its value is good: those who wait for it have it as it is.
#[tokio::test]
async fn a_flight_from_before_is_not_joined() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let one = builder_at(&proxy.url()).timeout(Duration::from_secs(1)).build().unwrap();
    let world = World::default();
    assert_eq!(read(&one, &world, 8, 1).await, 1);
    proxy.set(Fault::Drop);
    world.reading.close();
    let old = spawn_read(&one, &world, 7, 1);
    world.reading.reached(2).await;
    one.scope(write(&world, 7)).await;
    let new = spawn_read(&one, &world, 7, 1);
    world.reading.reached(3).await;
    world.reading.open();
    assert_eq!((soon(old).await, soon(new).await), (1, 2));
}

/// What Redis acknowledged last may be lost with the primary that did.
#[tokio::test]
async fn the_last_invalidations_are_sent_again_after_a_reconnect() {
    let mut server = RedisServer::start();
    let (one, world) = (cache_at(&server.url()), World::default());
    read(&one, &world, 7, 1).await;
    one.scope(write(&world, 7)).await;
    assert!(!has_tag(&server, "org:7"));
    server.kill();
    eventually(DEADLINE, || async { one.ping().await.is_err() }).await;
    server.restart();
    server.command::<()>(&["SET", "t:~tag:org:7", "as a replica had it"]);
    eventually(DEADLINE, || async { !has_tag(&server, "org:7") }).await;
}

#[tokio::test]
async fn without_a_store_bodies_run() {
    let (disabled, world) = (cache_at("disabled://"), World::default());
    assert_eq!(read(&disabled, &world, 7, 1).await, 1);
    assert_eq!(disabled.scope(write(&world, 7)).await, 2);
    assert_eq!(read(&disabled, &world, 7, 1).await, 2);
    assert_eq!(disabled.invalidate_tag("org:7").await, Ok(false));
}
