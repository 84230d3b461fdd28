//! What is read. Each handler checks what was asked and calls a cached function.

use crate::access::Role;
use crate::database::Db;
use crate::error::ApiError;
use crate::extract::{Path, Query, text, within};
use crate::queries::{categories, products, reviews, search, top};
use axum::Json;
use axum::extract::State;
use axum::http::header::{HeaderName, VARY};
use cache_runtime::http::SortedQuery;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The answer to a read.
pub(super) type Answer<T> = Result<Json<T>, ApiError>;

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
    #[serde(default, deserialize_with = "empty_is_none")]
    category_id: Option<i64>,
}

/// A form sends `category_id=` where nothing is chosen.
fn empty_is_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| D::Error::custom("category_id is no number")),
    }
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

pub(super) async fn products(
    State(db): State<Db>,
    page: SortedQuery<products::Page>,
) -> Answer<Vec<products::Product>> {
    within("limit", page.limit, 1..=100)?;
    within("offset", page.offset, 0..=1_000_000)?;
    Ok(Json(products::products(&db, &page).await?))
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
) -> Result<([(HeaderName, &'static str); 1], Json<Vec<reviews::Review>>), ApiError> {
    let reviews = reviews::reviews(&db, role, id).await?;
    let reviews = reviews.ok_or_else(|| ApiError::not_found("product"))?;
    // Caches between us and the client must know that roles see different things.
    Ok(([(VARY, "authorization")], Json(reviews)))
}
