//! `http::health`: always well, and never a burden.

use super::*;
use cache_runtime::{Clock, http};
use cache_tests::{DEADLINE, builder_at, cache_at, eventually, in_memory, limited};
use serde_json::json;
use std::time::Instant;

async fn of(cache: &cache_runtime::Cache) -> Served {
    Served::new(Router::new().nest("/health", http::health(cache))).await
}

async fn redis(served: &Served) -> Value {
    let answer = served.get("/health/ready").await;
    assert_eq!(answer.status, StatusCode::OK);
    let health = answer.json();
    assert_eq!(health["status"], "ok");
    health["redis"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_killed_and_back() {
    let mut server = RedisServer::start();
    limited(async {
        let served = of(&cache_at(&server.url())).await;
        for path in ["/health", "/health/ready"] {
            let answer = served.get(path).await;
            assert_eq!(answer.json(), json!({ "status": "ok", "redis": "connected" }), "{path}");
        }
        server.kill();
        eventually(DEADLINE, async || redis(&served).await == "unreachable").await;
        server.restart();
        eventually(DEADLINE, async || redis(&served).await == "connected").await;
    })
    .await;
}

/// By a clock that stands, Redis is asked once: what is said from then on is what calls have met.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_calls_meet_is_said_before_redis_is_asked_again() {
    let mut server = RedisServer::start();
    limited(async {
        let cache = builder_at(&server.url()).clock(Clock::manual()).build().unwrap();
        let served = of(&cache).await;
        assert_eq!(redis(&served).await, "connected");
        server.kill();
        eventually(DEADLINE, async || cache.invalidate("n:7").await.is_err()).await;
        eventually(DEADLINE, async || redis(&served).await == "unreachable").await;
        server.restart();
        eventually(DEADLINE, async || redis(&served).await == "connected").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_cache_nothing_is_said_of_it() {
    let off = of(&cache_at("disabled://")).await;
    assert_eq!(off.get("/health").await.json(), json!({ "status": "ok" }));
    let memory = of(&in_memory()).await;
    assert_eq!(memory.get("/health").await.json(), json!({ "status": "ok", "redis": "connected" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_ask_cost_one_ping_and_a_hanging_redis_no_time() {
    let server = RedisServer::start();
    limited(async {
        let cache = cache_at(&server.url());
        let served = of(&cache).await;
        assert_eq!(redis(&served).await, "connected");
        let (begun, before) = (Instant::now(), server.calls("ping"));
        for _ in 0..50 {
            assert_eq!(redis(&served).await, "connected");
        }
        let most = begun.elapsed().as_secs() + 1;
        assert!(server.calls("ping") - before <= most, "one a second, in {:?}", begun.elapsed());

        server.stop();
        eventually(DEADLINE, async || {
            let begun = Instant::now();
            let status = redis(&served).await;
            assert!(begun.elapsed() < DEADLINE / 2, "{:?}", begun.elapsed());
            status == "unreachable"
        })
        .await;
        server.cont();
    })
    .await;
}
