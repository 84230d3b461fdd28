//! Servers and proxies that cannot say what changes.

use super::*;
use cache_tests::{Logs, RedisServer, builder_at, is_since, rights_for};

#[redis_cache(ttl = 300, key = "capped:{id}", l1 = "10s")]
async fn capped(world: &World, id: u64) -> Arc<u64> {
    Arc::new(world.read().await)
}

#[redis_cache(ttl = 300, key = "brief:{id}", l1 = "1s")]
async fn brief(world: &World, id: u64) -> u64 {
    world.read().await
}

/// A server whose user may not have anything tracked.
fn server() -> (RedisServer, String) {
    let rules = "on >pw ~t:* +@all -client";
    let server = RedisServer::builder().acl_user("reader", rules).start();
    let url = format!("redis://reader:pw@{}", server.address());
    (server, url)
}

#[tokio::test]
async fn that_is_said_once_and_nothing_is_kept() {
    let (server, url) = server();
    let logs = Logs::capture(server.address());
    let cache = builder_at(&url).prefix("t").build().unwrap();
    let world = World::default();
    eventually(DEADLINE, async || {
        cache.scope(item(&world, 7)).await;
        logs.count("WARN") == 1
    })
    .await;
    for _ in 0..100 {
        let (value, memory) = looked(&cache, item(&world, 7)).await;
        assert!(*value == 1 && !memory);
        assert!(!looked(&cache, capped(&world, 7)).await.1);
    }
    assert_eq!(logs.count("WARN"), 1, "{:?}", logs.lines());
    let l1 = cache.stats().await.process.l1.unwrap();
    assert!(!l1.tracked && l1.entries == 0);
}

#[tokio::test]
async fn where_that_is_allowed_what_has_a_duration_is_kept_for_so_long() {
    let (_server, url) = server();
    let cache = builder_at(&url).l1_without_tracking(true).build().unwrap();
    let world = World::default();
    kept(&cache, || capped(&world, 7)).await;
    for _ in 0..10 {
        assert!(!looked(&cache, item(&world, 7)).await.1, "it says for how long nowhere");
    }
    // What this process invalidates is seen at once.
    world.changes();
    cache.invalidate("capped:7").await.unwrap();
    assert_eq!(*cache.scope(capped(&world, 7)).await, 2);
}

#[tokio::test]
async fn and_no_longer() {
    let (server, url) = server();
    let cache = builder_at(&url).l1_without_tracking(true).build().unwrap();
    let world = World::default();
    kept(&cache, || brief(&world, 7)).await;
    world.changes();
    server.command::<()>(&["DEL", "t:brief:7"]); // of which it hears nothing
    eventually(DEADLINE, async || cache.scope(brief(&world, 7)).await == 2).await;
}

#[tokio::test]
async fn a_duration_is_the_longest_also_where_everything_is_tracked() {
    let server = RedisServer::start();
    let (cache, world) = (builder_at(&server.url()).build().unwrap(), World::default());
    assert_eq!(kept(&cache, || brief(&world, 7)).await, 1);
    eventually(DEADLINE, async || {
        let (value, memory) = looked(&cache, brief(&world, 7)).await;
        value == 1 && !memory
    })
    .await;
}

/// Also before anything is kept, and each thing that keeping needs.
#[tokio::test]
async fn what_is_missing_is_named_at_the_start() {
    let without = |right: &str| {
        RedisServer::builder().acl_user("reader", &format!("on >pw ~t:* +@all {right}")).start()
    };
    // No rights take it away.
    let old = || {
        RedisServer::builder()
            .acl_user("reader", "on >pw ~t:* +@all")
            .with_args(&["--rename-command", "HELLO", ""])
            .start()
    };
    // Before Redis 7 a part of a command cannot be taken away.
    let tracking = if is_since(7, 0) { "-client|tracking" } else { "-client" };
    for (server, command) in [
        (old(), "HELLO"),
        (without(tracking), "CLIENT TRACKING"),
        (without("-multi"), "MULTI"),
        (without("-exec"), "EXEC"),
    ] {
        let logs = Logs::capture(server.address());
        let url = format!("redis://reader:pw@{}", server.address());
        let cache = builder_at(&url).prefix("t").build().unwrap();
        cache.ping().await.unwrap();
        let line = || logs.lines().into_iter().find(|line| line.contains("let us do everything"));
        eventually(DEADLINE, async || line().is_some()).await;
        let said = line().unwrap();
        assert!(said.contains(&format!("lacks={command}: `l1` is told of no change")), "{said}");
        assert!(said.starts_with("INFO"), "calls are served without it: {said}");
    }
}

#[redis_cache(ttl = 300, key = "tagged:{id}", tags = ["one"], l1)]
async fn tagged(world: &World, id: u64) -> u64 {
    world.read().await
}

/// Who may do what the guide says that `l1` needs, and nothing else; and with tags.
#[tokio::test]
async fn the_rights_of_the_guide_are_enough() {
    for others in [vec![], vec!["functions with `tags`;"]] {
        let rows = ["cached functions and writers", "functions with `l1`"].iter().chain(&others);
        let rights: Vec<_> = rows.map(|what| rights_for(what)).collect();
        let rules = format!("on >pw ~t:* {}", rights.join(" "));
        let server = RedisServer::builder().acl_user("reader", &rules).start();
        let logs = Logs::capture(server.address());
        let url = format!("redis://reader:pw@{}", server.address());
        let (cache, world) = (builder_at(&url).build().unwrap(), World::default());
        kept_item(&cache, &world).await;
        if !others.is_empty() {
            kept(&cache, || tagged(&world, 7)).await;
        }
        world.changes();
        server.command::<()>(&["DEL", KEY]);
        renewed(&cache, &world, 2).await;
        assert!(cache.stats().await.process.l1.unwrap().tracked);
        assert_eq!(logs.count("WARN"), 0, "{:?}", logs.lines());
    }
}
