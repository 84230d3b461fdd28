//! Each feature once, so that what it needs of its dependency is there.

use cache_runtime::{Cache, CacheKey, MessagePack, Postcard, observe, redis_cache};
use std::time::Duration;

#[derive(CacheKey)]
struct Order {
    id: uuid::Uuid,
    price: rust_decimal::Decimal,
}

#[redis_cache(ttl = 60, key = "json:{order}")]
async fn json(order: &Order) -> Vec<f64> {
    vec![0.1, 1e300]
}

#[redis_cache(ttl = 60, key = "msgpack:{at}:{zoned}", codec = MessagePack)]
async fn msgpack(at: chrono::DateTime<chrono::Utc>, zoned: jiff::Timestamp) -> Option<String> {
    Some(format!("{at} {zoned}"))
}

#[redis_cache(ttl = 60, key = "postcard:{n}", codec = Postcard, version = 1)]
async fn postcard(n: u32) -> Result<(u32, String), Error> {
    Ok((n, n.to_string()))
}

#[redis_cache(ttl = 60, key = "kept:{n}", l1)]
async fn kept(n: u32) -> u32 {
    n
}

#[derive(Debug)]
struct Error;

#[redis_cache(ttl = "1s", key = "behind:{n}", stale_while_revalidate = "1h", hard_timeout = "1m")]
async fn behind(n: u32) -> Result<u32, Late> {
    Ok(n)
}

#[derive(Debug)]
struct Late;

impl From<cache_runtime::TimedOut> for Late {
    fn from(_: cache_runtime::TimedOut) -> Self {
        Self
    }
}

/// The second call is a hit.
async fn twice<T, F: Future<Output = T>>(call: impl Fn() -> F) {
    let (_, first) = observe(call()).await;
    let (_, second) = observe(call()).await;
    assert_eq!((first.misses, second.hits), (1, 1));
}

#[tokio::test]
async fn what_is_stored_is_found() {
    let order = Order { id: uuid::Uuid::nil(), price: rust_decimal::Decimal::ONE };
    let cache = Cache::in_memory();
    let calls = async {
        twice(|| json(&order)).await;
        twice(|| msgpack(chrono::DateTime::UNIX_EPOCH, jiff::Timestamp::UNIX_EPOCH)).await;
        twice(|| postcard(7)).await;
        twice(|| behind(7)).await;
        twice(|| kept(7)).await;
    };
    cache.scope(calls).await;
    assert!(cache.shutdown_within(Duration::from_secs(30)).await);
}

/// Where nobody listens, so that connecting with and without TLS is tried.
#[tokio::test]
async fn without_redis_the_body_runs() {
    for url in ["redis://127.0.0.1:1", "rediss://127.0.0.1:1"] {
        let cache = Cache::builder().url(url).enabled(true).build().expect("a well-formed URL");
        assert_eq!(cache.scope(postcard(7)).await.expect("the body's value").0, 7);
    }
}

#[test]
fn the_web_layer_builds() {
    let cache = Cache::in_memory();
    let admin = cache_runtime::http::admin(&cache).bearer_token("sixteen-characters");
    let health = cache_runtime::http::health(&cache);
    let _: axum::Router = axum::Router::new()
        .nest("/cache", admin.expect("a token that is long enough"))
        .nest("/health", health)
        .layer(cache_runtime::http::CacheLayer::new());
}
