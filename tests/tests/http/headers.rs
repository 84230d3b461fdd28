//! `X-Cache`, `Cache-Status` and `Cache-Control`.

use super::*;
use axum::extract::Path;
use axum::http::HeaderValue;
use axum::response::IntoResponse;
use axum::routing::{get as on_get, post};
use cache_runtime::http::CacheLayer;
use cache_runtime::{bypass, redis_cache};
use cache_tests::{cache_at, in_memory, limited, moved};
use futures_util::poll;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

#[redis_cache(ttl = 60, key = "square:{n}")]
async fn square(n: u64) -> u64 {
    n * n
}

#[redis_cache(ttl = 10, key = "slowly:{n}", stale_while_revalidate = "1m")]
async fn slowly(n: u64) -> u64 {
    n
}

fn app(layer: CacheLayer) -> Router {
    Router::new()
        .route("/square/{n}", on_get(async |Path(n): Path<u64>| square(n).await.to_string()))
        .route("/slowly/{n}", on_get(async |Path(n): Path<u64>| slowly(n).await.to_string()))
        .route(
            "/both/{n}",
            on_get(async |Path(n): Path<u64>| (square(n).await + slowly(n).await).to_string()),
        )
        .route(
            "/around/{n}",
            on_get(async |Path(n): Path<u64>| bypass(square(n)).await.to_string()),
        )
        .route(
            "/mixed/{n}",
            on_get(async |Path(n): Path<u64>| {
                (square(n).await + bypass(square(n)).await).to_string()
            }),
        )
        .route("/none", on_get(async || "nothing cached"))
        .route("/write", post(async || square(1).await.to_string()))
        .route(
            "/broken/{n}",
            on_get(async |Path(n): Path<u64>| {
                square(n).await;
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route("/own", on_get(async || ([("cache-control", "private")], "its own").into_response()))
        .layer(layer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_calls_came_to() {
    let server = RedisServer::start();
    limited(async {
        let served = Served::new(app(CacheLayer::new().cache(&cache_at(&server.url())))).await;
        let miss = (Some("MISS"), Some("t; fwd=miss"));
        let hit = (Some("HIT"), Some("t; hit"));
        assert_eq!(served.get("/square/4").await.said(), miss);
        let answer = served.get("/square/4").await;
        assert_eq!((answer.said(), answer.text()), (hit, "16"));
        assert_eq!(served.get("/around/4").await.said(), (Some("BYPASS"), Some("t; fwd=bypass")));
        assert_eq!(served.get("/mixed/4").await.said(), (Some("BYPASS"), Some("t; fwd=bypass")));
        assert_eq!(served.get("/none").await.said(), (None, None));
        assert_eq!(served.send("POST", "/write", &[], "").await.said(), miss);
        assert_eq!(served.get("/broken/4").await.said(), hit, "errors say it too");
        assert_eq!(served.get("/nowhere").await.said(), (None, None));

        // One that is there and one that is not.
        assert_eq!(served.get("/both/4").await.said(), miss);
        assert_eq!(served.get("/both/4").await.said(), hit);
        // Its life is that of the value and of the window: now only some of the window is left.
        assert_eq!(server.command::<u8>(&["PEXPIRE", "t:slowly:4", "30000"]), 1);
        let stale = served.get("/both/4").await;
        assert_eq!(stale.said(), (Some("STALE"), Some("t; hit; detail=stale")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_everything_is_a_miss() {
    let mut server = RedisServer::start();
    server.kill();
    let app = app(CacheLayer::new().cache(&cache_at(&server.url())));
    for _ in 0..2 {
        let answer = get(&app, "/square/5").await;
        assert_eq!((answer.said().0, answer.text()), (Some("MISS"), "25"));
    }
    let off = app_of("disabled://");
    assert_eq!(get(&off, "/square/5").await.said(), (Some("BYPASS"), Some("t; fwd=bypass")));
}

fn app_of(url: &str) -> Router {
    app(CacheLayer::new().cache(&cache_at(url)))
}

#[tokio::test]
async fn stale_by_the_clock() {
    let (clock, cache) = moved();
    let app = app(CacheLayer::new().cache(&cache));
    assert_eq!(get(&app, "/slowly/1").await.said().0, Some("MISS"));
    clock.advance(Duration::from_secs(9));
    assert_eq!(get(&app, "/slowly/1").await.said().0, Some("HIT"));
    clock.advance(Duration::from_secs(2));
    assert_eq!(get(&app, "/slowly/1").await.said().0, Some("STALE"));
}

#[tokio::test]
async fn who_waited_for_another_is_a_collapsed_hit() {
    #[redis_cache(ttl = 60, key = "held")]
    async fn held(gate: &(Notify, Notify)) -> u8 {
        gate.0.notify_one();
        gate.1.notified().await;
        1
    }
    let gate = Arc::new((Notify::new(), Notify::new()));
    let inside = gate.clone();
    let app = Router::new()
        .route("/", on_get(async move || held(&inside).await.to_string()))
        .layer(CacheLayer::new().cache(&in_memory()));
    limited(async {
        let mut first = Box::pin(get(&app, "/"));
        let mut second = Box::pin(get(&app, "/"));
        assert!(poll!(&mut first).is_pending());
        gate.0.notified().await;
        assert!(poll!(&mut second).is_pending(), "the memory store answers at once: it waits now");
        gate.1.notify_one();
        let (first, second) = tokio::join!(first, second);
        assert_eq!(first.said(), (Some("MISS"), Some("t; fwd=miss")));
        assert_eq!(second.said(), (Some("HIT"), Some("t; fwd=miss; collapsed")));
    })
    .await;
}

#[tokio::test]
async fn the_name_of_the_cache() {
    let named = app(CacheLayer::new().cache(&in_memory()).name("the \"shop\""));
    assert_eq!(
        get(&named, "/square/2").await.header("cache-status"),
        Some("\"the \\\"shop\\\"\"; fwd=miss")
    );
    // The scope of whoever serves, and an `observe` in between, change nothing.
    let cache = in_memory();
    let handler = async || cache_runtime::observe(square(2)).await.0.to_string();
    let app = Router::new().route("/", on_get(handler)).layer(CacheLayer::new());
    let answer = cache.scope(get(&app, "/")).await;
    assert_eq!(answer.said(), (Some("MISS"), Some("t; fwd=miss")));
}

#[tokio::test]
async fn two_layers_speak_once_and_other_caches_are_kept() {
    let app = app(CacheLayer::new().cache(&in_memory()))
        .layer(CacheLayer::new().name("outer").cache_control(HeaderValue::from_static("max-age=9")))
        .route("/proxy", {
            let upstream = async || {
                square(3).await;
                ([("cache-status", "origin; hit")], "upstream")
            };
            on_get(upstream).layer(CacheLayer::new().cache(&in_memory()))
        });
    let answer = get(&app, "/square/3").await;
    assert_eq!(answer.said(), (Some("MISS"), Some("t; fwd=miss")));
    // What else each was asked for is done, also where the inner one answers `304`.
    assert_eq!(answer.header("cache-control"), Some("max-age=9"));
    let tag = answer.headers.get("etag").unwrap();
    let request = Request::get("/square/3").header("if-none-match", tag);
    let again = send(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(again.header("cache-control"), Some("max-age=9"));
    let answer = get(&app, "/proxy").await;
    let all: Vec<_> = answer.headers.get_all("cache-status").iter().collect();
    assert_eq!(all, ["origin; hit", "t; fwd=miss"], "nearest to the origin first");
}

#[tokio::test]
async fn cache_control_where_it_is_asked_for() {
    let layer = CacheLayer::new().cache(&in_memory());
    let without = app(layer.clone());
    assert_eq!(get(&without, "/none").await.header("cache-control"), None);

    let with = app(layer.cache_control(HeaderValue::from_static("public, max-age=30")));
    for uri in ["/none", "/square/1", "/square/1"] {
        assert_eq!(get(&with, uri).await.header("cache-control"), Some("public, max-age=30"));
    }
    assert_eq!(get(&with, "/own").await.header("cache-control"), Some("private"));
    assert_eq!(get(&with, "/broken/1").await.header("cache-control"), None);
    assert_eq!(get(&with, "/nowhere").await.header("cache-control"), None);
    let write = Request::post("/write").body(Body::empty()).unwrap();
    assert_eq!(send(&with, write).await.header("cache-control"), None);
}
