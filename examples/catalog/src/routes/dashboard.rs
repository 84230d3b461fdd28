//! The dashboard. Its figures may be a little old, and how old is the operators' to say: they have
//! a time to live of their own, the setting `dashboard`.
//!
//! The attribute stands on the handlers themselves: an extractor is an argument like any other.

use super::reads::Answer;
use crate::database::Db;
use crate::extract::within;
use crate::queries::dashboard::{self, Activity, ProductCount, ShopStats};
use axum::Json;
use axum::extract::State;
use cache_runtime::http::SortedQuery;
use cache_runtime::redis_cache;
use serde::Deserialize;
use std::ops::RangeInclusive;

/// The longest time that makes sense to look back: a year.
const DAYS: RangeInclusive<i64> = 1..=366;

/// How far back.
#[derive(Debug, Deserialize)]
pub(super) struct DaysQuery {
    #[serde(default = "month")]
    days: i64,
}

fn month() -> i64 {
    30
}

#[redis_cache(ttl_setting = "dashboard", key = "dashboard:stats", tags = ["prices"])]
pub(super) async fn stats(State(db): State<Db>) -> Answer<ShopStats> {
    Ok(Json(dashboard::shop_stats(&db).await?))
}

#[redis_cache(ttl_setting = "dashboard", key = "dashboard:activity:{query.days}")]
pub(super) async fn activity(
    State(db): State<Db>,
    query: SortedQuery<DaysQuery>,
) -> Answer<Vec<Activity>> {
    let days = within("days", query.days, DAYS)?; // an error is never cached
    Ok(Json(dashboard::activity(&db, days).await?))
}

#[redis_cache(ttl_setting = "dashboard", key = "dashboard:product-count:{query.days}")]
pub(super) async fn product_count(
    State(db): State<Db>,
    query: SortedQuery<DaysQuery>,
) -> Answer<ProductCount> {
    let days = within("days", query.days, DAYS)?;
    Ok(Json(dashboard::product_count(&db, days).await?))
}
