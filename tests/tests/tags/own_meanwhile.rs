//! Tags that the value says, invalidated while it is being computed: nobody knows yet that they are
//! its own.

use super::own::{Order, kept_order, order, write_for};
use super::*;
use cache_tests::{Fault, FaultProxy, Scene, builder_at, cache_at, in_memory, limited, replayed};

fn spawn_order(cache: &Cache, world: &World, customer: u64) -> JoinHandle<Order> {
    let (cache, world) = (cache.clone(), world.clone());
    tokio::spawn(async move { cache.scope(order(&world, 1, customer)).await })
}

/// Computes the order of customer 7 with `reads`, and does something meanwhile; answers what is
/// stored of it then.
async fn while_computed(reads: &Cache, meanwhile: impl AsyncFnOnce()) -> Option<Order> {
    limited(async {
        let world = World::default();
        world.reading.close();
        let call = spawn_order(reads, &world, 7);
        world.reading.reached(1).await;
        meanwhile().await;
        world.reading.open();
        assert_eq!(soon(call).await, (7, 1), "its caller has its value");
        let kept = kept_order(reads, 1).await;
        // After a reconnect what was invalidated last is so again.
        let next_is_stored = || async {
            assert_eq!(reads.scope(order(&world, 1, 7)).await, (7, 1));
            kept_order(reads, 1).await == Some((7, 1))
        };
        eventually(DEADLINE, next_is_stored).await;
        reads.invalidate("order:1").await.unwrap();
        kept
    })
    .await
}

#[tokio::test]
async fn what_is_being_computed_does_not_survive() {
    let Scene { server: _server, one, other, .. } = Scene::start();
    let memory = in_memory();
    for (reads, writes) in [(&one, &other), (&one, &one), (&memory, &memory)] {
        let invalidate = async |tag: &str| {
            let invalidate = async || {
                writes.invalidate_tag(tag).await.unwrap();
            };
            while_computed(reads, invalidate).await
        };
        assert_eq!(invalidate("customer:7").await, None);
        assert_eq!(invalidate("customer:8").await, Some((7, 1)), "another one's");
        let soften = async || {
            writes.soft_invalidate_tag("customer:7").await.unwrap();
        };
        assert_eq!(while_computed(reads, soften).await, None);
        let remove = async || {
            writes.invalidate("order:1").await.unwrap();
        };
        assert_eq!(while_computed(reads, remove).await, None);
    }
}

/// Others of the process go on by themselves, for all it is known, and what it comes to is stored
/// nevertheless if it was not meant.
#[tokio::test]
async fn nobody_joins_what_may_have_the_tag() {
    let memory = in_memory();
    let world = World::default();
    world.reading.close();
    let first = spawn_order(&memory, &world, 7);
    world.reading.reached(1).await;
    let joins = spawn_order(&memory, &world, 7);
    for _ in 0..100 {
        tokio::task::yield_now().await; // it waits for the flight
    }
    world.changes();
    memory.invalidate_tag("customer:7").await.unwrap();
    let second = spawn_order(&memory, &world, 7);
    world.reading.open();
    assert_eq!((soon(first).await, soon(second).await), ((7, 1), (7, 2)));
    assert_eq!(soon(joins).await, (7, 2), "what began before is not for it");
    assert_eq!(kept_order(&memory, 1).await, Some((7, 2)));
}

/// It waits for the flight of its process, which heard nothing.
#[tokio::test]
async fn who_joins_after_the_invalidation_is_not_handed_what_began_before_it() {
    let Scene { server, one, other, world } = Scene::start();
    for customer in [7, 8] {
        world.becomes(1);
        world.reading.close();
        let before = world.readers();
        let old = spawn_order(&one, &world, 7);
        world.reading.reached(before + 1).await;
        world.changes();
        other.invalidate_tag(&format!("customer:{customer}")).await.unwrap();
        server.command::<()>(&["CONFIG", "RESETSTAT"]);
        let late = spawn_order(&one, &world, 7);
        let looks = || async { commands(&server).get("get") >= Some(&1) };
        eventually(DEADLINE, looks).await;
        one.ping().await.unwrap(); // answered behind it, by the same connection
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        world.reading.open();
        let expected = if customer == 7 { (7, 2) } else { (7, 1) };
        assert_eq!((soon(old).await, soon(late).await), ((7, 1), expected));
        one.invalidate("order:1").await.unwrap();
    }
}

/// Redis forgets meanwhile what was invalidated, or so much is that it cannot know it any more.
#[tokio::test]
async fn a_log_that_does_not_know_voids() {
    let Scene { server, one, other, .. } = Scene::start();
    for command in [
        &["DEL", "t:~tags"][..],                // as eviction does
        &["ZINCRBY", "t:~tags", "-10001", "n"], // as many invalidations
        &["FLUSHALL"],
    ] {
        let loses = async || server.command::<()>(command);
        assert_eq!(while_computed(&one, loses).await, None, "{command:?}");
    }
    // Made anew by another process, it begins where it began.
    let made_anew = async || {
        server.command::<()>(&["DEL", "t:~tags"]);
        let world = World::default();
        other.scope(order(&world, 2, 9)).await;
    };
    assert_eq!(while_computed(&one, made_anew).await, None);
}

/// Who answers after a reconnect may not be who has logged what was invalidated.
#[tokio::test]
async fn a_reconnect_voids() {
    let Scene { server, one, .. } = Scene::start();
    let reconnects = async || {
        server.command::<u64>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        eventually(DEADLINE, || async { one.ping().await.is_ok() }).await;
    };
    assert_eq!(while_computed(&one, reconnects).await, None);
}

/// A failover to what knows less: the primary's log had gone on.
#[tokio::test]
async fn a_server_that_was_put_back_voids() {
    let Scene { mut server, one, other, .. } = Scene::start();
    let goes_back = async || {
        other.invalidate_tag("customer:7").await.unwrap();
        let (epoch, number): (String, String) = (
            server.command(&["ZSCORE", "t:~tags", "e"]),
            server.command(&["ZSCORE", "t:~tags", "n"]),
        );
        server.kill();
        eventually(DEADLINE, || async { one.ping().await.is_err() }).await;
        server.restart();
        // As a replica had it that had not heard of the invalidation, which nobody repeats.
        let number = (number.parse::<i64>().unwrap() + 1).to_string();
        server.command::<()>(&["ZADD", "t:~tags", &epoch, "e", &number, "n"]);
        eventually(DEADLINE, || async { one.ping().await.is_ok() }).await;
    };
    let world = World::default();
    assert_eq!(one.scope(order(&world, 3, 3)).await, (3, 1), "there is a log");
    assert_eq!(while_computed(&one, goes_back).await, None);
}

/// The process that invalidated knows it, although Redis does not.
#[tokio::test]
async fn what_waits_for_redis_is_not_stored_nor_read() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let one = builder_at(&proxy.url()).timeout(Duration::from_secs(1)).build().unwrap();
    let (other, world) = (cache_at(&server.url()), World::default());
    assert_eq!(one.scope(order(&world, 1, 7)).await, (7, 1));
    assert_eq!(one.scope(order(&world, 2, 8)).await, (8, 1));
    proxy.set(Fault::Drop);
    assert_eq!(limited(one.scope(write_for(&world, 7))).await, 2);
    assert_eq!(one.stats().await.journal.waiting, 1);
    assert_eq!(one.scope(order(&world, 1, 7)).await, (7, 2));
    proxy.set(Fault::None);
    replayed(&one).await;
    for cache in [&one, &other] {
        assert_eq!(cache.scope(order(&world, 1, 7)).await, (7, 2));
        assert_eq!(kept_order(cache, 2).await, Some((8, 1)));
    }
}

/// Redis may be read, and not be told.
#[tokio::test]
async fn a_value_whose_own_tag_waits_does_not_count() {
    let server = RedisServer::start();
    let (one, world) = (cache_at(&server.url()), World::default());
    assert_eq!(one.scope(order(&world, 1, 7)).await, (7, 1));
    assert_eq!(one.scope(order(&world, 2, 8)).await, (8, 1));
    server.command::<()>(&["ACL", "SETUSER", "default", "-unlink"]);
    one.scope(write_for(&world, 7)).await;
    assert_eq!(one.stats().await.journal.waiting, 1);
    assert_eq!(kept_order(&one, 1).await, None);
    assert_eq!(kept_order(&one, 2).await, Some((8, 1)));
    for _ in 0..2 {
        assert_eq!(one.scope(order(&world, 1, 7)).await, (7, 2));
    }
    assert_eq!(world.readers(), 4, "what was computed is not stored");
    server.command::<()>(&["ACL", "SETUSER", "default", "+unlink"]);
    replayed(&one).await;
    assert_eq!(one.scope(order(&world, 1, 7)).await, (7, 2));
    assert_eq!(kept_order(&one, 1).await, Some((7, 2)));
}

#[tokio::test]
async fn a_deferral_invalidates_at_its_end() {
    let Scene { server: _server, one, other, world } = Scene::start();
    one.scope(order(&world, 1, 7)).await;
    let deferred = cache_runtime::defer_invalidations(async {
        write_for(&world, 7).await;
        assert_eq!(kept_order(&one, 1).await, Some((7, 1)), "not committed yet");
    });
    one.scope(deferred).await;
    assert_eq!(kept_order(&other, 1).await, None);
}
