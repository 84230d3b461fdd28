//! The connection by which Redis says what changes is cut, stalls, or nobody listens.

use super::*;
use cache_tests::{Fault, FaultProxy, RedisServer, Scene, builder_at, own_process};
use std::io::BufRead as _;
use std::time::Instant;

/// What is old may be served for so long after it was replaced.
const BOUND: Duration = Duration::from_secs(1);

/// A proxy in front of a server, and a cache behind it that does not wait for long.
fn behind_proxy() -> (RedisServer, FaultProxy, Cache, World) {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let cache = builder_at(&proxy.url()).timeout(Duration::from_millis(200)).build().unwrap();
    (server, proxy, cache, World::default())
}

/// Calls until version `version` is served, and for at least as long as what is old may be served.
/// A call that began later than that must not get what is old.
async fn old_no_longer_than_a_second(cache: &Cache, world: &World, since: Instant, version: u64) {
    eventually(DEADLINE, async || {
        let begun = Instant::now();
        let value = *cache.scope(item(world, 7)).await;
        assert!(value >= version || begun < since + BOUND, "old after {:?}", begun - since);
        value == version && since.elapsed() > BOUND
    })
    .await;
}

#[tokio::test]
async fn it_is_killed_by_an_operator() {
    let Scene { server, one, world, .. } = Scene::start();
    kept_item(&one, &world).await;
    let list: String = server.command(&["CLIENT", "LIST"]);
    let tracking = list.lines().find(|line| line.contains(" flags=t ")).unwrap();
    let id = tracking.split(' ').find_map(|word| word.strip_prefix("id=")).unwrap();
    world.changes();
    server.command::<()>(&["CLIENT", "KILL", "ID", id]);
    let since = Instant::now();
    server.command::<()>(&["DEL", KEY]); // of which nobody hears
    old_no_longer_than_a_second(&one, &world, since, 2).await;
    assert_eq!(*kept(&one, || item(&world, 7)).await, 2, "by another connection");
    assert!(one.stats().await.process.l1.unwrap().drops >= 1);
}

#[tokio::test]
async fn it_stalls() {
    let (server, proxy, cache, world) = behind_proxy();
    kept_item(&cache, &world).await;
    proxy.set(Fault::Stall);
    world.changes();
    server.command::<()>(&["DEL", KEY]);
    old_no_longer_than_a_second(&cache, &world, Instant::now(), 2).await;
    proxy.set(Fault::None);
    assert_eq!(*kept(&cache, || item(&world, 7)).await, 2);
}

#[tokio::test]
async fn answers_come_no_more() {
    let (server, proxy, cache, world) = behind_proxy();
    kept_item(&cache, &world).await;
    proxy.set(Fault::BlackHole);
    world.changes();
    server.command::<()>(&["DEL", KEY]);
    old_no_longer_than_a_second(&cache, &world, Instant::now(), 2).await;
}

#[tokio::test]
async fn it_is_cut_in_the_middle_of_a_push() {
    for bytes in [1, 5, 17, 30] {
        let (server, proxy, cache, world) = behind_proxy();
        kept_item(&cache, &world).await;
        proxy.set(Fault::CutAfter(bytes));
        world.changes();
        server.command::<()>(&["DEL", KEY]);
        old_no_longer_than_a_second(&cache, &world, Instant::now(), 2).await;
        proxy.set(Fault::None);
        assert_eq!(*kept(&cache, || item(&world, 7)).await, 2);
    }
}

#[tokio::test]
async fn what_comes_is_not_redis_protocol() {
    let (server, proxy, cache, world) = behind_proxy();
    kept_item(&cache, &world).await;
    proxy.set(Fault::Garbage);
    world.changes();
    server.command::<()>(&["DEL", KEY]);
    old_no_longer_than_a_second(&cache, &world, Instant::now(), 2).await;
    proxy.set(Fault::None);
    assert_eq!(*kept(&cache, || item(&world, 7)).await, 2);
}

#[tokio::test]
async fn it_is_slow() {
    let (server, proxy, cache, world) = behind_proxy();
    kept_item(&cache, &world).await;
    proxy.set(Fault::Delay(Duration::from_millis(100)));
    world.changes();
    server.command::<()>(&["DEL", KEY]);
    old_no_longer_than_a_second(&cache, &world, Instant::now(), 2).await;
}

/// Its connection takes several answers to make, together longer than one attempt has at first.
#[tokio::test]
async fn the_server_is_far_away() {
    let (_server, proxy, _, world) = behind_proxy();
    let cache = builder_at(&proxy.url()).timeout(DEADLINE).build().unwrap();
    proxy.set(Fault::Delay(Duration::from_millis(250)));
    kept_item(&cache, &world).await;
}

#[tokio::test]
async fn the_server_is_stopped() {
    let server = RedisServer::start();
    let cache = builder_at(&server.url()).timeout(Duration::from_millis(200)).build().unwrap();
    let world = World::default();
    kept_item(&cache, &world).await;
    server.stop();
    let since = Instant::now();
    world.changes();
    // Nobody can have changed it there; but nobody can know.
    old_no_longer_than_a_second(&cache, &world, since, 2).await;
    server.cont();
}

#[tokio::test]
async fn the_server_is_killed_and_started_again() {
    let (mut server, proxy, cache, world) = behind_proxy();
    kept_item(&cache, &world).await;
    world.changes();
    server.kill();
    let since = Instant::now();
    server.restart();
    old_no_longer_than_a_second(&cache, &world, since, 2).await;
    assert_eq!(*kept(&cache, || item(&world, 7)).await, 2);
    drop(proxy);
}

#[tokio::test]
async fn too_few_keys_can_be_tracked() {
    let Scene { server, one, world, .. } = Scene::start();
    server.config_set("tracking-table-max-keys", "10");
    for id in 0..200 {
        one.scope(item(&world, id)).await;
    }
    for id in 0..200 {
        one.scope(item(&world, id)).await;
    }
    // What Redis tracks no longer, it says.
    eventually(DEADLINE, async || one.stats().await.process.l1.unwrap().entries <= 11).await;
    world.changes();
    server.command::<()>(&["FLUSHALL"]);
    for id in 0..200 {
        eventually(DEADLINE, async || *one.scope(item(&world, id)).await == 2).await;
    }
}

const SERVER: &str = "L1_SERVER";

/// Not a test by itself: what the process runs that is stopped. Says, of each value that it gets,
/// when it asked for it.
#[tokio::test]
async fn reader() {
    let Ok(url) = std::env::var(SERVER) else { return };
    let (cache, world) = (builder_at(&url).build().unwrap(), World::default());
    kept_item(&cache, &world).await;
    world.becomes(2);
    loop {
        let begun = now();
        let value = *cache.scope(item(&world, 7)).await;
        println!("{} {value}", begun.as_nanos());
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Of all processes of the machine.
fn now() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.try_into().unwrap()
}

/// Longer than anything may be old.
const STOPPED: Duration = Duration::from_secs(5);

#[test]
fn this_process_is_stopped_and_goes_on() {
    let server = RedisServer::start();
    let mut child = own_process("broken::reader", SERVER, &server.url())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || {
        lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (begun, value) = line.split_once(' ')?;
            let begun = Duration::from_nanos(begun.parse().ok()?);
            Some((begun, value.parse::<u64>().ok()?))
        })
    };
    let pid = child.id().to_string();
    let signal = |signal: &str| {
        let kill = std::process::Command::new("kill").args([signal, &pid]).status();
        assert!(kill.unwrap().success());
    };
    assert_eq!(next().unwrap().1, 1);
    signal("-STOP");
    server.command::<()>(&["DEL", KEY]);
    let replaced = now();
    std::thread::sleep(STOPPED); // it is what the test is about
    let until = now();
    signal("-CONT");
    let mut renewed = false;
    while !renewed {
        let (begun, value) = next().unwrap();
        assert!(value == 2 || begun < replaced + BOUND, "old after {:?}", begun - replaced);
        renewed = value == 2 && begun >= until;
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
