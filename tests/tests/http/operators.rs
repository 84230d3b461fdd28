//! `http::admin`: what it does, and what it says to each mistake.

use super::*;
use axum::extract::Request as Extracted;
use axum::middleware::{Next, from_fn};
use cache_runtime::{Cache, Clock, Error, http, redis_cache};
use cache_tests::{DEADLINE, builder_at, cache_at, eventually, in_memory, limited};
use serde_json::json;
use std::time::Duration;

const TOKEN: &str = "a-token-of-operators";

#[redis_cache(ttl = 60, key = "cube:{n}")]
async fn cube(n: u64) -> u64 {
    n * n * n
}

#[redis_cache(ttl = 60, key = "root:{n}")]
async fn root(n: u64) -> u64 {
    n
}

async fn desk(cache: &Cache) -> Served {
    let admin = http::admin(cache).bearer_token(TOKEN).unwrap();
    Served::new(Router::new().nest("/cache", admin)).await
}

async fn ask(served: &Served, method: &str, path: &str, body: &str) -> Answer {
    let token = format!("Bearer {TOKEN}");
    let headers = [("authorization", &*token), ("content-type", "application/json")];
    served.send(method, path, &headers, body).await
}

async fn fill(cache: &Cache) {
    cache
        .scope(async {
            for n in 0..3 {
                cube(n).await;
                root(n).await;
            }
        })
        .await;
}

#[test]
fn no_desk_without_a_token_worth_its_name() {
    for token in ["", "abc", "fifteen-letters", "with spaces in it, long", "schlüsselschlüssel"] {
        let refused = http::admin(&in_memory()).bearer_token(token).unwrap_err();
        assert!(matches!(refused, Error::Invalid(_)), "{token}");
        assert!(token.is_empty() || !refused.to_string().contains(token), "never in an error");
    }
    assert!(!format!("{:?}", http::admin(&in_memory()).bearer_token(TOKEN)).contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_and_functions() {
    let server = RedisServer::start();
    limited(async {
        let cache = cache_at(&server.url());
        fill(&cache).await;
        let served = desk(&cache).await;
        let stats = ask(&served, "GET", "/cache/stats", "").await.json();
        assert_eq!(stats["status"], "connected");
        assert_eq!(stats["process"]["misses"], 6);
        assert_eq!(stats["keys"], 6);
        assert!(stats["server"]["used_memory"].as_u64().unwrap() > 0);

        let functions = ask(&served, "GET", "/cache/functions", "").await.json();
        let functions = functions.as_array().unwrap();
        let cube = functions.iter().find(|f| f["path"] == "http.operators.cube").unwrap();
        assert_eq!(cube["key"], "cube:{n}");
    })
    .await;
}

#[redis_cache(ttl = 60, key = "side:{n}", tags = ["sides"], stale_if_error = "60s")]
async fn side(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[tokio::test]
async fn tags_are_invalidated_for_good_or_softly() {
    let cache = in_memory();
    let served = desk(&cache).await;
    let invalidate = async |body: &str| {
        let answer = ask(&served, "POST", "/cache/invalidate", body).await;
        answer.json()["invalidated"].as_bool().unwrap()
    };
    assert!(!invalidate("{\"tag\": \"sides\"}").await, "nothing has it");
    let entry = cache.scope(async { side_entry(7) }).await;
    cache.scope(side(7)).await.unwrap();
    assert!(entry.ttl().await.unwrap().is_some_and(|left| !left.is_zero()));
    assert!(invalidate("{\"tag\": \"sides\", \"soft\": true}").await);
    assert_eq!(entry.ttl().await, Ok(Some(Duration::ZERO)), "it is stale");
    assert!(invalidate("{\"tag\": \"sides\"}").await);
    assert_eq!(entry.ttl().await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_counted_once_in_five_seconds() {
    let server = RedisServer::start();
    let clock = Clock::manual();
    let cache = builder_at(&server.url()).clock(clock.clone()).build().unwrap();
    let served = desk(&cache).await;
    let keys = async || ask(&served, "GET", "/cache/stats", "").await.json()["keys"].clone();
    assert_eq!(keys().await, 0);
    fill(&cache).await;
    for _ in 0..5 {
        assert_eq!(keys().await, 0, "not counted again");
    }
    assert_eq!(server.calls("scan"), 1);
    clock.advance(Duration::from_secs(5));
    assert_eq!(keys().await, 6);
    assert_eq!(server.calls("scan"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalidates_its_own_prefix_alone() {
    let server = RedisServer::start();
    limited(async {
        let cache = cache_at(&server.url());
        fill(&cache).await;
        for foreign in ["t2:cube:1", "other:cube:1", "cube:1"] {
            server.command::<()>(&["SET", foreign, "1"]);
        }
        let served = desk(&cache).await;
        let invalidate = async |pattern: &str| {
            let body = json!({ "pattern": pattern }).to_string();
            ask(&served, "POST", "/cache/invalidate", &body).await
        };
        assert_eq!(invalidate("cube:1").await.json(), json!({ "removed": 1 }));
        assert_eq!(invalidate("t:cube:*").await.json(), json!({ "removed": 2 }));
        assert_eq!(invalidate("c*:1").await.json(), json!({ "removed": 0 }));

        for foreign in ["t2:cube:*", "other:*", "cubes:*", "other:cube:1", "t2:*"] {
            let refused = invalidate(foreign).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{foreign}");
            assert!(
                refused.error().contains(&format!("write `t:{foreign}`")),
                "{}",
                refused.error()
            );
        }
        // Under its own prefix anything may be asked for, and reaches nobody else's.
        assert_eq!(invalidate("t:other:*").await.json(), json!({ "removed": 0 }));
        assert_eq!(invalidate("*cube*").await.json(), json!({ "removed": 0 }));

        assert_eq!(ask(&served, "POST", "/cache/clear", "").await.json(), json!({ "removed": 3 }));
        assert_eq!(keys(&server), ["cube:1", "other:cube:1", "t2:cube:1"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_ask() {
    let cache = in_memory();
    fill(&cache).await;
    let served = desk(&cache).await;
    let all = [
        ("GET", "/cache/stats"),
        ("GET", "/cache/functions"),
        ("POST", "/cache/clear"),
        ("POST", "/cache/invalidate"),
        ("GET", "/cache/nothing"),
        ("DELETE", "/cache/stats"),
    ];
    for (method, path) in all {
        for header in [None, Some("Basic YTpi"), Some("Bearer"), Some("Bearer "), Some(TOKEN)] {
            let headers: Vec<_> = header.iter().map(|value| ("authorization", *value)).collect();
            let refused = served.send(method, path, &headers, "{\"pattern\": \"*\"}").await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path} {header:?}");
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
            assert!(refused.error().contains("token"));
        }
        for wrong in ["Bearer x", "Bearer a-token-of-operatorz", "bearer a-token-of-operators2"] {
            let refused = served.send(method, path, &[("authorization", wrong)], "{}").await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path} {wrong}");
            assert!(!refused.error().contains(TOKEN));
        }
    }
    assert_eq!(cache.count_keys().await.unwrap(), 6, "nothing was done");
    // The scheme's case is free.
    let lower = format!("bearer {TOKEN}");
    let answer = served.send("GET", "/cache/stats", &[("authorization", &lower)], "").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mistake_has_its_answer() {
    let cache = in_memory();
    fill(&cache).await;
    let served = desk(&cache).await;
    let long = json!({ "pattern": "*".repeat(2000) }).to_string();
    let huge = json!({ "pattern": "*".repeat(20_000) }).to_string();
    for (body, status, reason) in [
        ("", 400, "EOF"),
        ("{", 400, "EOF"),
        ("pattern=*", 400, "expected"),
        ("[]", 422, "invalid length"),
        ("{}", 422, "{\"pattern\": \"user:*\"}"),
        ("{\"pattern\": 7}", 422, "pattern"),
        ("{\"pattern\": \"\"}", 422, "empty pattern"),
        ("{\"pattern\": \"t:\"}", 422, "empty pattern"),
        ("{\"patern\": \"*\"}", 422, "unknown field `patern`"),
        ("{\"tag\": \"\"}", 422, "empty"),
        ("{\"tag\": \"a\", \"pattern\": \"b\"}", 422, "one of them"),
        ("{\"pattern\": \"cube:*\", \"soft\": true}", 422, "goes with a tag"),
        (&long, 422, "1024 bytes"),
        (&huge, 413, "limit"),
    ] {
        let refused = ask(&served, "POST", "/cache/invalidate", body).await;
        assert_eq!(refused.status.as_u16(), status, "{body}: {}", refused.text());
        assert!(refused.error().contains(reason), "{body}: {}", refused.error());
    }
    let token = format!("Bearer {TOKEN}");
    let headers = [("authorization", &*token), ("content-type", "text/plain")];
    let refused = served.send("POST", "/cache/invalidate", &headers, "{\"pattern\":\"*\"}").await;
    assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(refused.error().contains("Content-Type"));

    for (method, path, status) in [
        ("GET", "/cache/nothing", StatusCode::NOT_FOUND),
        ("GET", "/cache/stats/more", StatusCode::NOT_FOUND),
        ("POST", "/cache/stats", StatusCode::METHOD_NOT_ALLOWED),
        ("GET", "/cache/clear", StatusCode::METHOD_NOT_ALLOWED),
        ("GET", "/cache/invalidate", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let refused = ask(&served, method, path, "").await;
        assert_eq!(refused.status, status, "{path}");
        assert!(!refused.error().is_empty());
        let allow = refused.header("allow");
        assert_eq!(allow.is_some(), status == StatusCode::METHOD_NOT_ALLOWED, "{path} {allow:?}");
    }
    assert_eq!(cache.count_keys().await.unwrap(), 6, "nothing was done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_redis_away() {
    let mut server = RedisServer::start();
    let cache = cache_at(&server.url());
    fill(&cache).await;
    server.kill();
    limited(async {
        let served = desk(&cache).await;
        for path in ["/cache/clear", "/cache/invalidate"] {
            let refused = ask(&served, "POST", path, "{\"pattern\": \"*\"}").await;
            assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(refused.error().contains("store"), "{}", refused.error());
        }
        let stats = ask(&served, "GET", "/cache/stats", "").await;
        assert_eq!(stats.status, StatusCode::OK, "what this process knows is still known");
        assert_eq!(stats.json()["status"], "unreachable");
        assert_eq!(stats.json()["keys"], Value::Null);
        server.restart();
        eventually(DEADLINE, async || {
            ask(&served, "POST", "/cache/clear", "").await.status == StatusCode::OK
        })
        .await;
    })
    .await;

    let off = desk(&cache_at("disabled://")).await;
    let cleared = ask(&off, "POST", "/cache/clear", "").await;
    assert_eq!((cleared.status, cleared.json()), (StatusCode::OK, json!({ "removed": 0 })));
    assert_eq!(ask(&off, "GET", "/cache/stats", "").await.json()["status"], "disabled");
}

#[tokio::test]
async fn a_layer_of_ones_own() {
    let layer = from_fn(async |request: Extracted, next: Next| {
        if request.headers().contains_key("x-operator") {
            Ok(next.run(request).await)
        } else {
            Err(StatusCode::IM_A_TEAPOT)
        }
    });
    let app = http::admin(&in_memory()).authorized_by(layer);
    assert_eq!(get(&app, "/stats").await.status, StatusCode::IM_A_TEAPOT);
    assert_eq!(get(&app, "/nothing").await.status, StatusCode::IM_A_TEAPOT);
    assert_eq!(get_with(&app, "/stats", &[("x-operator", "1")]).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_pattern_voids_a_lease_whose_key_it_does_not_match() {
    let server = RedisServer::start();
    limited(async {
        let served = desk(&cache_at(&server.url())).await;
        let kept =
            ["t:~lease:{t:cube:1}", "t:~lease:t:{cube}:1", "t", "tt:1", "x:t:1", "t.:cube:1"];
        for key in kept {
            server.command::<()>(&["SET", key, "1"]);
        }
        for pattern in [
            "t:~lease:*",
            "t:~*",
            "t:?lease*",
            "t:[~]*",
            r"t:\~*",
            "t:*~lease*",
            "t:~lease:{t:cube:1}",
            "t:{t:cube:1}",
            "t:t*",
            r"t:\",
            "t:[",
            "t:[^",
            "t:*\u{0}*",
            "t::*",
            "t:t:cube:1",
            "t:~lease:t:{cube}:?",
            "t:{*}",
        ] {
            let body = json!({ "pattern": pattern }).to_string();
            let answer = ask(&served, "POST", "/cache/invalidate", &body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()),
                (200, json!({ "removed": 0 })),
                "{pattern}"
            );
            for key in kept {
                assert_eq!(server.command::<u64>(&["EXISTS", key]), 1, "{pattern} took {key}");
            }
        }
    })
    .await;
}
