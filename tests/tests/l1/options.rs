//! What else functions with `l1` say, and what is said around their calls.

use super::*;
use cache_runtime::{bypass, redis_invalidate, redis_put, refresh};
use cache_tests::{Scene, called, in_memory};

#[redis_invalidate(item(id))]
async fn change(world: &World, id: u64) -> u64 {
    world.changes() + id - id
}

#[redis_put(item(id))]
async fn put(world: &World, id: u64) -> Arc<u64> {
    Arc::new(world.changes() + id - id)
}

#[tokio::test]
async fn what_a_writer_has_changed_is_seen_at_once() {
    let Scene { server: _server, one, world, .. } = Scene::start();
    for version in (2..20).step_by(2) {
        kept(&one, || item(&world, 7)).await;
        one.scope(change(&world, 7)).await;
        assert_eq!(*one.scope(item(&world, 7)).await, version);
        kept(&one, || item(&world, 7)).await;
        one.scope(put(&world, 7)).await;
        assert_eq!(*one.scope(item(&world, 7)).await, version + 1);
    }
}

#[tokio::test]
async fn entries_of_companions_are_seen_at_once() {
    let Scene { server: _server, one, world, .. } = Scene::start();
    kept_item(&one, &world).await;
    one.scope(async { item_entry(7) }).await.put(&Arc::new(5)).await.unwrap();
    assert_eq!(*one.scope(item(&world, 7)).await, 5);
    kept(&one, || item(&world, 7)).await;
    world.becomes(6);
    one.scope(async { item_entry(7) }).await.invalidate().await.unwrap();
    assert_eq!(*one.scope(item(&world, 7)).await, 6);
}

#[tokio::test]
async fn a_bypass_and_a_refresh_look_at_nothing() {
    let Scene { server: _server, one, world, .. } = Scene::start();
    kept_item(&one, &world).await;
    world.changes();
    assert_eq!(*one.scope(bypass(item(&world, 7))).await, 2);
    assert_eq!(*one.scope(item(&world, 7)).await, 1);
    assert_eq!(*one.scope(refresh(item(&world, 7))).await, 2);
    assert_eq!(*one.scope(item(&world, 7)).await, 2, "what was there before is forgotten");
}

#[tokio::test]
async fn each_cache_keeps_its_own() {
    let Scene { server: _server, one, other, world } = Scene::start();
    kept_item(&one, &world).await;
    assert!(!looked(&other, item(&world, 7)).await.1);
    let memory = in_memory();
    for _ in 0..3 {
        let (value, kept) = looked(&memory, item(&world, 7)).await;
        assert!(*value == 1 && !kept, "a store in memory needs no second place there");
    }
    assert!(memory.stats().await.process.l1.is_none());
}

#[tokio::test]
async fn a_layer_tells_memory_from_redis() {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt as _;
    let Scene { server: _server, one, world, .. } = Scene::start();
    kept_item(&one, &world).await;
    let (cache, handled) = (one.clone(), world.clone());
    let handler = move || {
        let (cache, world) = (cache.clone(), handled.clone());
        async move { cache.scope(item(&world, 7)).await.to_string() }
    };
    let layer = cache_runtime::http::CacheLayer::new();
    let app = axum::Router::new().route("/", axum::routing::get(handler)).layer(layer);
    let asked = async || {
        let response = app.clone().oneshot(Request::new(Body::empty())).await.unwrap();
        let header = |name| response.headers()[name].to_str().unwrap().to_owned();
        (header("x-cache"), header("cache-status"))
    };
    assert_eq!(asked().await, ("HIT".to_owned(), "t; hit; detail=memory".to_owned()));
    world.changes();
    one.invalidate("item:7").await.unwrap();
    assert_eq!(asked().await, ("MISS".to_owned(), "t; fwd=miss".to_owned()));
    assert_eq!(asked().await, ("HIT".to_owned(), "t; hit".to_owned()));
}

#[redis_cache(ttl = 300, key = "outer:{id}", l1)]
async fn outer(world: &World, id: u64) -> u64 {
    *item(world, id).await
}

#[tokio::test]
async fn calls_inside_of_bodies_are_answered_from_memory() {
    let Scene { server: _server, one, world, .. } = Scene::start();
    kept_item(&one, &world).await;
    let (value, observed, _) = called(&one, outer(&world, 7)).await;
    assert_eq!((value, observed.memory_hits, observed.misses), (1, 1, 1));
}

/// Its life in Redis is 8 s: fresh for 3 s, and stale for 5 s more.
#[redis_cache(ttl = 3, key = "stale:{id}", l1, stale_while_revalidate = "5s")]
async fn stale(world: World, id: u64) -> u64 {
    world.read().await + id - id
}

#[tokio::test]
async fn a_stale_value_is_served_and_refreshed_as_without() {
    let Scene { server: _server, one, world, .. } = Scene::start();
    assert_eq!(kept(&one, || stale(world.clone(), 7)).await, 1);
    world.changes();
    let was_stale = std::cell::Cell::new(false);
    eventually(DEADLINE, async || {
        let (value, observed, _) = called(&one, stale(world.clone(), 7)).await;
        assert!(value == 1 || was_stale.get() || observed.misses == 1, "{observed:?}");
        was_stale.set(was_stale.get() || observed.stale == 1);
        value == 2
    })
    .await;
    assert_eq!(kept(&one, || stale(world.clone(), 7)).await, 2);
}

/// So eager that the first look is late enough.
#[redis_cache(ttl = 300, key = "early:{id}", l1, early_refresh = 1e9)]
async fn early(world: World, id: u64) -> u64 {
    tokio::time::sleep(Duration::from_millis(2)).await;
    world.read().await + id - id
}

#[tokio::test]
async fn an_early_refresh_comes_early() {
    let Scene { server: _server, one, world, .. } = Scene::start();
    assert_eq!(one.scope(early(world.clone(), 7)).await, 1);
    world.changes();
    eventually(DEADLINE, async || one.scope(early(world.clone(), 7)).await == 2).await;
    assert!(one.stats().await.process.total.refreshes >= 1);
}

#[tokio::test]
async fn what_waits_in_the_journal_is_not_served() {
    let Scene { mut server, one, world, .. } = Scene::with(|b| b.timeout(Duration::from_secs(1)));
    kept_item(&one, &world).await;
    server.kill();
    let version = one.scope(change(&world, 7)).await;
    for _ in 0..10 {
        assert_eq!(*one.scope(item(&world, 7)).await, version);
    }
    server.restart();
    assert_eq!(*kept(&one, || item(&world, 7)).await, version);
}
