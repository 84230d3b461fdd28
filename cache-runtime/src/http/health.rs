//! Health, for whoever restarts services: a cache that is away is no reason to.

use super::seldom::Seldom;
use crate::cache::Cache;
use crate::figures::stats::Status;
use crate::store::{Reachability, Store as _};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at the store, and the longest that one takes.
const EVERY: Duration = Duration::from_secs(1);

/// The routes `/` and `/ready`, to be nested under `/health`: whether Redis answers.
///
/// Always `200`, since cached functions work without their cache: `{"status": "ok", "redis":
/// "connected"}`, `"unreachable"`, or no `redis` where caching is off. Asks the store at most
/// once a second, for at most a second; requests in between get the last answer, or
/// `"unreachable"` where calls have met an outage since.
///
/// ```
/// # use axum::Router;
/// # use cache_runtime::{Cache, http};
/// # fn main() -> Result<(), cache_runtime::Error> {
/// let cache = Cache::builder().url("memory://").build()?;
/// let app: Router = Router::new().nest("/health", http::health(&cache));
/// # Ok(()) }
/// ```
pub fn health(cache: &Cache) -> Router {
    let cache = cache.clone();
    let looked = Arc::new(Seldom::new(EVERY));
    let answer = get(move || {
        let (cache, looked) = (cache.clone(), looked.clone());
        async move { Json(Health { status: "ok", redis: redis(&cache, &looked).await }) }
    });
    Router::new().route("/", answer.clone()).route("/ready", answer)
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<Status>,
}

async fn redis(cache: &Cache, looked: &Seldom<Status>) -> Option<Status> {
    let look = async {
        let looked = tokio::time::timeout(EVERY, cache.health()).await;
        looked.unwrap_or(Status::Unreachable)
    };
    let last = looked.get(cache.clock().now(), look).await;
    let status = match (last, cache.store().reachability()) {
        // Calls have met an outage since, or the first look is under way.
        (Some(Status::Connected) | None, Reachability::Unreachable) => Status::Unreachable,
        (None, Reachability::Untried) => Status::Unreachable,
        (None, Reachability::Reachable) => Status::Connected,
        (Some(status), _) => status,
    };
    (status != Status::Disabled).then_some(status)
}
