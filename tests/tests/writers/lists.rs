//! Writers that leave arguments open: every entry that has what they do say.

use super::*;
use cache_runtime::defer_invalidations;
use cache_tests::{Fault, FaultProxy, Logs, Scene, cache_at, called, keys, limited};

#[derive(Debug, Clone, Copy)]
struct Page {
    number: u32,
    size: u32,
}

#[redis_cache(ttl = 60, key = "list:{tenant}:{page.number}:{page.size}", version = 2)]
async fn list(world: &World, tenant: &str, page: Page) -> u64 {
    let _ = (tenant, page);
    world.read().await
}

/// Its keys begin like those of a list, and are others.
#[redis_cache(ttl = 60, key = "list:{tenant}:{number}:{size}:names")]
async fn names(tenant: &str, number: u32, size: u32) -> usize {
    tenant.len() + (number * size) as usize
}

/// The default key, of a pattern and an `Option`.
#[redis_cache(ttl = 60)]
async fn found((tenant, kind): (u32, String), text: Option<&str>) -> String {
    format!("{tenant}:{kind}:{text:?}")
}

#[redis_invalidate(list(tenant, _))]
async fn add(world: &World, tenant: &str, end: End) -> Written {
    end.with(world.commit().await)
}

#[redis_invalidate(list(_, _), found(_, Some("x")), found((7, "k".to_owned()), _))]
async fn add_all(world: &World) -> u64 {
    world.commit().await
}

#[redis_invalidate(list(_, Page { number: *result as u32, size: 10 }))]
async fn renumber(world: &World) -> u64 {
    world.commit().await
}

const FIRST: Page = Page { number: 1, size: 10 };
const SECOND: Page = Page { number: 2, size: 20 };

/// Has three lists cached, of two tenants.
async fn fill(cache: &Cache, world: &World) {
    cache
        .scope(async {
            list(world, "north", FIRST).await;
            list(world, "north", SECOND).await;
            list(world, "south", FIRST).await;
            names("north", 1, 10).await;
        })
        .await;
}

const SOUTH: &str = "t:list:south:1:10~2";
const NAMES: &str = "t:list:north:1:10:names";
const NORTH: [&str; 2] = ["t:list:north:1:10~2", "t:list:north:2:20~2"];

#[tokio::test]
async fn every_page_of_one_tenant() {
    let Scene { server, one, other, world } = Scene::start();
    fill(&other, &world).await;
    assert_eq!(keys(&server), [NAMES, NORTH[0], NORTH[1], SOUTH]);
    assert_eq!(one.scope(add(&world, "north", End::Ok)).await, Ok(2));
    assert_eq!(keys(&server), [NAMES, SOUTH], "before the caller sees the result");
    assert_eq!(other.scope(list(&world, "north", FIRST)).await, 2);
    assert_eq!(other.scope(list(&world, "south", FIRST)).await, 1);
    assert!(one.scope(add(&world, "south", End::Err)).await.is_err());
    assert!(!is_stored(&server, SOUTH), "whatever it came to");
}

#[tokio::test]
async fn all_of_a_function_and_any_argument() {
    let Scene { server, one, world, .. } = Scene::start();
    fill(&one, &world).await;
    one.scope(async {
        let kind = |text: &str| text.to_owned();
        for text in [Some("x"), Some("y"), None] {
            found((7, kind("k")), text).await;
            found((8, kind("k")), text).await;
        }
        add_all(&world).await;
        let left = keys(&server);
        assert_eq!(left.len(), 3, "{left:?}");
        assert!(left.contains(&NAMES.to_owned()));
        for text in [Some("y"), None] {
            let (_, observed, _) = called(&one, found((8, kind("k")), text)).await;
            assert_eq!(observed.hits, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn of_the_result_too() {
    let Scene { server, one, world, .. } = Scene::start();
    fill(&one, &world).await;
    assert_eq!(one.scope(renumber(&world)).await, 2);
    assert_eq!(keys(&server).len(), 4, "there is no second page of ten");
    world.becomes(0);
    assert_eq!(one.scope(renumber(&world)).await, 1);
    assert_eq!(keys(&server), [NAMES, NORTH[1]]);
}

/// What began before the writer ended is not stored, whatever its page.
#[tokio::test]
async fn what_is_computed_meanwhile_is_not_stored() {
    let Scene { server, one, other, world } = Scene::start();
    world.reading.close();
    let reading = {
        let world = world.clone();
        spawn(&other, async move { list(&world, "north", FIRST).await })
    };
    world.reading.reached(1).await;
    one.scope(add(&world, "north", End::Ok)).await.unwrap();
    world.reading.open();
    assert_eq!(reading.await.unwrap(), 1, "for the one who asked before");
    assert_eq!(keys(&server), [""; 0]);
    assert_eq!(other.scope(list(&world, "north", FIRST)).await, 2);
}

#[tokio::test]
async fn a_panic_and_a_drop_leave_it_to_the_journal() {
    let Scene { server, one, other, world } = Scene::start();
    fill(&one, &world).await;
    let panicking = world.clone();
    let panicked = spawn(&one, async move { add(&panicking, "north", End::Panic).await });
    assert!(panicked.await.unwrap_err().is_panic());
    assert_eq!(one.scope(list(&world, "north", FIRST)).await, 2, "the old one is distrusted");
    replayed(&one).await;
    for page in [FIRST, SECOND] {
        assert_eq!(other.scope(list(&world, "north", page)).await, 2);
    }
    assert!(is_stored(&server, SOUTH));
}

#[tokio::test]
async fn with_redis_away_what_matches_is_distrusted_and_replayed() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let (one, world) = (hasty(&proxy.url()), World::default());
    fill(&one, &world).await;
    let logs = Logs::capture("wait until they reach the store");
    proxy.set(Fault::Drop);
    assert_eq!(limited(one.scope(add(&world, "north", End::Ok))).await, Ok(2));
    assert!(!logs.lines().is_empty());
    assert_eq!(waiting(&one).await, 1);
    server.command::<()>(&["CLIENT", "PAUSE", "100000", "WRITE"]);
    proxy.set(Fault::None);
    // Reads are answered now, and the replay is not.
    eventually(DEADLINE, || async { one.ping().await.is_ok() }).await;
    assert_eq!(one.scope(list(&world, "north", SECOND)).await, 2, "not what is stored");
    assert_eq!(one.scope(list(&world, "south", FIRST)).await, 1, "none of its business");
    server.command::<()>(&["CLIENT", "UNPAUSE"]);
    replayed(&one).await;
    assert_eq!(keys(&server), [NAMES, SOUTH]);
    // Once, and once more where this runtime comes back to Redis after the cache's own thread: a failover in
    // between might have lost it.
    assert!((1..=2).contains(&one.stats().await.journal.replayed));
}

#[tokio::test]
async fn a_deferral_keeps_each_once() {
    let Scene { server, one, world, .. } = Scene::start();
    fill(&one, &world).await;
    one.scope(defer_invalidations(async {
        for _ in 0..3 {
            add(&world, "north", End::Ok).await.unwrap();
        }
        assert_eq!(keys(&server).len(), 4);
    }))
    .await;
    assert_eq!(keys(&server), [NAMES, SOUTH]);
}

/// What somebody invalidated by hand is invalidated again where a failover may have lost it.
#[tokio::test]
async fn many_keys_acknowledged_lately_are_invalidated_again_after_a_reconnection() {
    for by_pattern in [true, false] {
        let mut server = RedisServer::start();
        let (cache, world) = (cache_at(&server.url()), World::default());
        fill(&cache, &world).await;
        let (removed, kept) = if by_pattern {
            (cache.invalidate_matching("list:north:*").await, SOUTH)
        } else {
            (cache.invalidate_function("writers.lists.list").await, NAMES)
        };
        assert_eq!(removed, Ok(3));
        server.kill();
        server.restart();
        // As it would be on a replica that had not heard of it.
        server.command::<()>(&["SET", NORTH[0], "1"]);
        server.command::<()>(&["SET", kept, "1"]);
        eventually(DEADLINE, || async {
            let _ = cache.ping().await;
            !is_stored(&server, NORTH[0])
        })
        .await;
        assert!(is_stored(&server, kept), "by a pattern: {by_pattern}");
    }
}

/// Redis has the beginning of such a key and a hash, which says nothing of the arguments behind it.
#[tokio::test]
async fn what_is_said_may_be_longer_than_what_is_left_of_the_key() {
    let (scene, world) = (Scene::start(), World::default());
    limited(scene.one.scope(async {
        for (length, unit) in [(960, "x"), (1100, "x"), (500, "é"), (350, "%")] {
            let tenant = unit.repeat(length);
            let at = list(&world, &tenant, FIRST).await;
            assert_eq!(list(&world, &tenant, FIRST).await, at);
            add(&world, &tenant, End::Ok).await.unwrap();
            assert_eq!(list(&world, &tenant, FIRST).await, at + 1, "{length} of {unit}");
            let encoded = tenant.replace('%', "%25");
            let removed = scene.one.invalidate_matching(&format!("list:{encoded}:1:*")).await;
            assert_eq!(removed, Ok(1), "{length} of {unit}");
            list(&world, &tenant, FIRST).await;
            let removed = scene.one.invalidate(&format!("list:{encoded}:1:10")).await;
            assert_eq!(removed, Ok(true), "{length} of {unit}");
        }
    }))
    .await;
}
