//! A web service: handlers under the attribute, what clients are told, and the operators' routes.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::{Json, Router, body::Body, routing::get};
use cache_examples::Db;
use cache_runtime::http::{self, CacheLayer, SortedQuery};
use cache_runtime::{Cache, redis_cache};
use serde::Deserialize;
use std::sync::Arc;
use tower::ServiceExt as _;

#[derive(Deserialize)]
struct Page {
    limit: Option<u32>,
    #[serde(default)]
    tag: Vec<String>,
}

#[redis_cache(ttl = "1m", key = "product:{id}")]
async fn product(
    State(db): State<Arc<Db>>,
    Path(id): Path<u64>,
) -> Result<Json<String>, StatusCode> {
    db.query().await;
    if id == 0 { Err(StatusCode::NOT_FOUND) } else { Ok(Json(format!("product {id}"))) }
}

/// `utm_source` and the order of the parameters make no difference to the key.
#[redis_cache(ttl = "1m", key = "products:{page}")]
async fn products(State(db): State<Arc<Db>>, page: SortedQuery<Page>) -> Json<Vec<String>> {
    db.query().await;
    let names = (1..=page.limit.unwrap_or(3)).map(|n| format!("product {n} {:?}", page.tag));
    Json(names.collect())
}

fn app(cache: &Cache, token: &str) -> anyhow::Result<Router> {
    Ok(Router::new()
        .route("/products", get(products))
        .route("/products/{id}", get(product))
        .layer(CacheLayer::new().cache_control(HeaderValue::from_static("private, max-age=10")))
        .with_state(Arc::new(Db::default()))
        .nest("/cache", http::admin(cache).bearer_token(token)?)
        .nest("/health", http::health(cache)))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cache = cache_examples::cache()?;
    cache.install()?;
    cache.clear().await?;
    let token = "a-long-random-text"; // from the environment, never from the source
    let app = app(&cache, token)?;

    if let Ok(address) = std::env::var("LISTEN") {
        // LISTEN=127.0.0.1:8080 cargo run --example web, then curl -i localhost:8080/products
        println!("listening on {address}");
        return Ok(axum::serve(tokio::net::TcpListener::bind(address).await?, app).await?);
    }
    let bearer = format!("Bearer {token}");
    let mut tag = HeaderValue::from_static("\"none yet\"");
    for path in [
        "/products/7",
        "/products/7",
        "/products?limit=1&tag=a&tag=b",
        "/products?tag=a&tag=b&utm_source=mail&limit=1",
        "/products?limit=many",
        "/health/ready",
        "/cache/stats",
    ] {
        let request = Request::get(path)
            .header("if-none-match", &tag)
            .header("authorization", &bearer)
            .body(Body::empty())?;
        let response = app.clone().oneshot(request).await?;
        println!("GET {path}: {}", response.status());
        for name in ["x-cache", "cache-status", "etag", "cache-control"] {
            if let Some(value) = response.headers().get(name) {
                println!("    {name}: {}", value.to_str()?);
            }
        }
        if let Some(etag) = response.headers().get("etag") {
            tag = etag.clone();
        }
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await?;
        println!("    {:.120}", String::from_utf8_lossy(&body));
    }
    Ok(())
}
