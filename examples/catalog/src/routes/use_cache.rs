//! `?use_cache=false` on any read.

use crate::error::ApiError;
use crate::extract::Query;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

#[derive(Debug, Deserialize)]
pub(super) struct UseCache {
    use_cache: Option<bool>,
}

/// Runs what is behind it without the cache if the request asks for that, and says in `X-Cache`
/// what came of it.
pub(super) async fn use_cache(
    Query(UseCache { use_cache }): Query<UseCache>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let answer = cache_runtime::observe(next.run(request));
    let (mut response, observed) =
        if use_cache == Some(false) { cache_runtime::bypass(answer).await } else { answer.await };
    let outcome = if observed.misses > 0 {
        "MISS"
    } else if observed.stale > 0 {
        "STALE"
    } else if observed.hits + observed.coalesced > 0 {
        "HIT"
    } else if observed.bypassed > 0 {
        "BYPASS"
    } else {
        return Ok(response);
    };
    response.headers_mut().insert(X_CACHE, HeaderValue::from_static(outcome));
    Ok(response)
}
