//! `?use_cache=false` on any read.

use crate::extract::Query;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct UseCache {
    use_cache: Option<bool>,
}

/// Runs what is behind it without the cache if the request asks for that.
pub(super) async fn use_cache(
    Query(UseCache { use_cache }): Query<UseCache>,
    request: Request,
    next: Next,
) -> Response {
    match use_cache {
        Some(false) => cache_runtime::bypass(next.run(request)).await,
        _ => next.run(request).await,
    }
}
