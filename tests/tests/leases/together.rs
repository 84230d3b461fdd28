//! Processes that miss one key: one computes, the others wait for its value.

use super::*;
use cache_runtime::Clock;
use cache_tests::{
    DEADLINE, Fault, FaultProxy, RedisServer, Scene, builder_at, cache_at, eventually, given_back,
    is_leased, lease, make_lease_last, stored,
};
use futures_util::future::join_all;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_with_a_hundred_callers_each_run_one_body() {
    let Scene { server: _server, one, other, world } = Scene::start();
    world.reading.close();

    let callers: Vec<_> =
        (0..200).map(|n| call(if n % 2 == 0 { &one } else { &other }, &world, 7)).collect();
    world.reading.reached(1).await;
    world.reading.open();
    for value in join_all(callers).await {
        assert_eq!(value.unwrap(), 1);
    }
    assert_eq!(world.readers(), 1);
}

#[tokio::test]
async fn after_an_error_the_other_process_computes_at_once() {
    #[redis_cache(ttl = 60, key = "failing:{id}")]
    async fn failing(world: &World, id: u64) -> Result<u64, String> {
        world.read().await;
        Err(format!("no {id}"))
    }

    let Scene { server: _server, one, other, world } = Scene::start();
    world.reading.close();
    let mut calls = Vec::new();
    for cache in [&one, &other] {
        let (cache, world) = (cache.clone(), world.clone());
        calls.push(tokio::spawn(async move { cache.scope(failing(&world, 7)).await }));
    }
    world.reading.reached(1).await;
    world.reading.open();
    for outcome in join_all(calls).await {
        assert_eq!(outcome.unwrap(), Err("no 7".to_owned()));
    }
    assert_eq!(world.readers(), 2, "an error is shared within its process alone");
    assert_eq!(one.count_keys().await.unwrap(), 0);
}

#[tokio::test]
async fn a_cancelled_leader_gives_its_lease_back() {
    let Scene { server, one, other, world } = Scene::start();
    world.reading.close();

    let leader = call(&one, &world, 7);
    world.reading.reached(1).await;
    let waiting = call(&other, &world, 7);
    make_lease_last(&server, KEY);
    leader.abort();
    world.reading.reached(2).await; // the other process has taken over
    world.reading.open();
    assert_eq!(waiting.await.unwrap(), 1);
    assert_eq!(stored(&server, KEY).as_deref(), Some("1"), "it had the lease");
}

#[tokio::test]
async fn a_call_cancelled_while_it_asks_leaves_no_lease_behind() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let one = builder_at(&proxy.url()).build().unwrap();
    let other = cache_at(&server.url());
    let world = World::default();
    // So that both are connected, and the scripts known.
    assert_eq!(one.scope(item(&world, 1)).await, 1);

    // The request arrives, and the caller goes away before its answer does.
    proxy.set(Fault::Delay(Duration::from_millis(100)));
    let asking = call(&one, &world, 7);
    eventually(DEADLINE, || async { is_leased(&server, KEY) }).await;
    make_lease_last(&server, KEY);
    asking.abort();
    let _ = asking.await;
    given_back(&server, KEY).await;
    assert_eq!(other.scope(item(&world, 7)).await, 1);
}

#[tokio::test]
async fn the_wait_for_another_process_ends() {
    let server = RedisServer::start();
    let patient = cache_at(&server.url());
    let wait = Duration::from_millis(200);
    let hasty = builder_at(&server.url()).wait(wait).build().unwrap();
    let world = held();

    let holder = call(&patient, &world, 7);
    world.reading.reached(1).await;
    let waiter = call(&hasty, &world, 7);
    world.reading.reached(2).await; // it computes all the same
    let asked = server.calls("evalsha");
    assert!(asked < 50, "ever more slowly, and not {asked} times");
    world.reading.open();
    assert_eq!((holder.await.unwrap(), waiter.await.unwrap()), (1, 1));
}

#[redis_cache(ttl = 60, stale_if_error = 60, key = "text:{id}")]
async fn text(world: &World, id: u64) -> Result<String, String> {
    Ok(format!("{id}:{}:{}", world.read().await, "x".repeat(2000)))
}

fn call_text(cache: &Cache, world: &World) -> JoinHandle<String> {
    let (cache, world) = (cache.clone(), world.clone());
    tokio::spawn(async move { cache.scope(text(&world, 7)).await.unwrap() })
}

/// A process whose network can be bad, and whose clock is moved by hand.
fn far(server: &RedisServer) -> (Cache, FaultProxy, Clock) {
    let (proxy, clock) = (FaultProxy::start(server.port()), Clock::manual());
    let cache = builder_at(&proxy.url()).clock(clock.clone()).build().unwrap();
    (cache, proxy, clock)
}

/// Its life is over when the answer comes, though it was not when the server gave it.
#[tokio::test]
async fn another_process_value_that_comes_late_is_not_taken() {
    let server = RedisServer::start();
    let (one, (far, proxy, clock)) = (cache_at(&server.url()), far(&server));
    let world = held();

    let holder = call_text(&one, &world);
    world.reading.reached(1).await;
    let waiter = call_text(&far, &world);
    // It has looked, asked for the lease, and been refused.
    eventually(DEADLINE, || async { far_asked(&server) }).await;
    proxy.set(Fault::Hold(1000));
    world.reading.open();
    assert!(holder.await.unwrap().starts_with("7:1:"));
    eventually(DEADLINE, || async { proxy.held() == 1 }).await;
    server.command::<()>(&["DEL", "t:text:7"]);
    world.becomes(2);
    clock.advance(Duration::from_secs(60));
    proxy.set(Fault::None);
    assert!(waiter.await.unwrap().starts_with("7:2:"));
}

#[tokio::test]
async fn a_value_that_comes_late_is_not_served() {
    let server = RedisServer::start();
    let (one, (far, proxy, clock)) = (cache_at(&server.url()), far(&server));
    let world = World::default();
    call_text(&one, &world).await.unwrap();
    far.ping().await.unwrap();

    world.becomes(2);
    proxy.set(Fault::Hold(1000));
    let late = call_text(&far, &world);
    eventually(DEADLINE, || async { proxy.held() == 1 }).await;
    server.command::<()>(&["DEL", "t:text:7"]);
    clock.advance(Duration::from_secs(60));
    proxy.set(Fault::None);
    assert!(late.await.unwrap().starts_with("7:2:"));
}

/// Whether the last thing that a second connection did was to run a script.
fn far_asked(server: &RedisServer) -> bool {
    let list: String = server.command(&["CLIENT", "LIST"]);
    list.lines().filter(|line| line.contains(" cmd=eval")).count() == 2
}

/// How many reads found nothing so far.
fn misses(server: &RedisServer) -> u64 {
    let stats: String = server.command(&["INFO", "stats"]);
    let misses = stats.lines().find_map(|line| line.strip_prefix("keyspace_misses:"));
    misses.unwrap().trim().parse().unwrap()
}

/// There is nobody to say that the value is old, and nowhere to look again.
#[tokio::test]
async fn when_redis_goes_in_mid_body_callers_share_it_all_the_same() {
    let mut server = RedisServer::start();
    let cache = cache_at(&server.url());
    let world = held();

    let leader = call(&cache, &world, 7);
    world.reading.reached(1).await;
    let before = misses(&server);
    let waiters: Vec<_> = (0..5).map(|_| call(&cache, &world, 7)).collect();
    eventually(DEADLINE, || async { misses(&server) >= before + 5 }).await;
    // Its answer comes behind theirs.
    cache.ping().await.unwrap();
    server.kill();
    world.reading.open();
    assert_eq!(leader.await.unwrap(), 1);
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), 1);
    }
    assert_eq!(world.readers(), 1);
}

#[tokio::test]
async fn a_lease_whose_value_was_refused_is_given_back() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let world = held();

    let leader = call(&cache, &world, 7);
    world.reading.reached(1).await;
    server.config_set("maxmemory", "1");
    world.reading.open();
    assert_eq!(leader.await.unwrap(), 1);
    given_back(&server, KEY).await;
}

#[tokio::test]
async fn a_long_body_keeps_its_lease() {
    let Scene { server, one, other, world } = Scene::start();
    world.reading.close();

    let holder = call(&one, &world, 7);
    world.reading.reached(1).await;
    // Renewals are due by now: the lease was given for two seconds.
    let lease = lease(KEY);
    let mut renewed = 0;
    let mut last = i64::MAX;
    eventually(DEADLINE, || {
        let left: i64 = server.command(&["PTTL", &lease]);
        assert!(left > 0, "the lease ran out");
        renewed += u32::from(left > last);
        last = left;
        async move { renewed == 4 }
    })
    .await;
    let waiting = call(&other, &world, 7);
    world.reading.open();
    assert_eq!((holder.await.unwrap(), waiting.await.unwrap()), (1, 1));
    assert_eq!(world.readers(), 1);
    assert!(!is_leased(&server, KEY), "the fill ended it");
}

#[tokio::test]
async fn garbage_in_redis_is_replaced_by_one_of_them() {
    let Scene { server, one, other, world } = Scene::start();
    server.command::<()>(&["SET", "t:item:7", "}garbage{"]);
    assert_eq!(one.scope(item(&world, 7)).await, 1);
    assert_eq!(stored(&server, KEY).as_deref(), Some("1"));
    assert_eq!(other.scope(item(&world, 7)).await, 1);
    assert_eq!(world.readers(), 1);
}
