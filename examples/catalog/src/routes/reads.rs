//! What is read. Each handler checks what was asked and calls a cached function.

use crate::access::Role;
use crate::database::Db;
use crate::error::ApiError;
use crate::extract::{Path, Query, text, within};
use crate::queries::{categories, dashboard, products, reviews, search, top};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;

/// The answer to a read.
type Answer<T> = Result<Json<T>, ApiError>;

pub(super) async fn categories(State(db): State<Db>) -> Answer<Vec<categories::CategoryStats>> {
    Ok(Json(categories::category_stats(&db).await?))
}

pub(super) async fn top(State(db): State<Db>) -> Answer<Vec<top::TopProduct>> {
    Ok(Json(top::top_products(&db).await?))
}

/// What to search for.
#[derive(Debug, Deserialize)]
pub(super) struct SearchQuery {
    #[serde(default)]
    q: String,
    category_id: Option<i64>,
}

impl SearchQuery {
    pub(super) async fn run(&self, db: &Db) -> Result<Vec<products::Product>, ApiError> {
        text("q", &self.q, 100)?;
        Ok(search::search(db, &search::folded(&self.q), self.category_id).await?)
    }
}

pub(super) async fn search(
    State(db): State<Db>,
    Query(query): Query<SearchQuery>,
) -> Answer<Vec<products::Product>> {
    Ok(Json(query.run(&db).await?))
}

/// Which part of a list.
#[derive(Debug, Deserialize)]
pub(super) struct PageQuery {
    limit: Option<i64>,
    offset: Option<i64>,
}

pub(super) async fn products(
    State(db): State<Db>,
    Query(query): Query<PageQuery>,
) -> Answer<Vec<products::Product>> {
    let page = products::Page {
        limit: within("limit", query.limit.unwrap_or(20), 1..=100)?,
        offset: within("offset", query.offset.unwrap_or(0), 0..=1_000_000)?,
    };
    Ok(Json(products::products(&db, page).await?))
}

pub(super) async fn product(
    State(db): State<Db>,
    Path(id): Path<i64>,
) -> Answer<products::ProductDetail> {
    let product = products::product(&db, id).await?;
    product.map(Json).ok_or_else(|| ApiError::not_found("product"))
}

pub(super) async fn reviews(
    State(db): State<Db>,
    role: Role,
    Path(id): Path<i64>,
) -> Answer<Vec<reviews::Review>> {
    let reviews = reviews::reviews(&db, role, id).await?;
    reviews.map(Json).ok_or_else(|| ApiError::not_found("product"))
}

/// How far back.
#[derive(Debug, Deserialize)]
pub(super) struct DaysQuery {
    days: Option<i64>,
}

impl DaysQuery {
    fn days(&self) -> Result<i64, ApiError> {
        within("days", self.days.unwrap_or(30), 1..=366)
    }
}

pub(super) async fn stats(State(db): State<Db>) -> Answer<dashboard::ShopStats> {
    Ok(Json(dashboard::shop_stats(&db).await?))
}

pub(super) async fn activity(
    State(db): State<Db>,
    Query(query): Query<DaysQuery>,
) -> Answer<Vec<dashboard::Activity>> {
    Ok(Json(dashboard::activity(&db, query.days()?).await?))
}

pub(super) async fn product_count(
    State(db): State<Db>,
    Query(query): Query<DaysQuery>,
) -> Answer<dashboard::ProductCount> {
    Ok(Json(dashboard::product_count(&db, query.days()?).await?))
}
