//! `?use_cache=false` on any read.

use crate::extract::Query;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct UseCache {
    use_cache: Option<bool>,
}

/// Reads that `?use_cache=false` has computed.
pub fn bypassable<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes.layer(from_fn(use_cache))
}

/// Runs what is behind it without the cache if the request asks for that.
async fn use_cache(
    Query(UseCache { use_cache }): Query<UseCache>,
    request: Request,
    next: Next,
) -> Response {
    match use_cache {
        Some(false) => cache_runtime::bypass(next.run(request)).await,
        _ => next.run(request).await,
    }
}
