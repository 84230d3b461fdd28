//! One query with or without the cache, and how long it took: what the page is about.

use super::reads::SearchQuery;
use crate::database::Db;
use crate::error::ApiError;
use crate::extract::{Path, Query};
use crate::queries::{categories, products, top};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::time::Instant;

/// An answer with its origin.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    source: Source,
    /// Of the call alone, not of the request.
    duration_ms: f64,
    data: Data,
}

/// What was asked for.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Data {
    Categories(Vec<categories::CategoryStats>),
    Search(Vec<products::Product>),
    Top(Vec<top::TopProduct>),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Cache,
    Database,
}

pub(super) async fn compare(
    State(db): State<Db>,
    Path(query): Path<String>,
    Query(search): Query<SearchQuery>,
) -> Result<Json<Comparison>, ApiError> {
    let begun = Instant::now();
    let (data, observed) = cache_runtime::observe(run(&db, &query, &search)).await;
    let duration_ms = (begun.elapsed().as_secs_f64() * 1e6).round() / 1e3;
    let cached = observed.hits + observed.stale + observed.coalesced > 0;
    let source = if cached { Source::Cache } else { Source::Database };
    Ok(Json(Comparison { source, duration_ms, data: data? }))
}

async fn run(db: &Db, query: &str, search: &SearchQuery) -> Result<Data, ApiError> {
    match query {
        "categories" => Ok(Data::Categories(categories::category_stats(db).await?)),
        "search" => Ok(Data::Search(search.run(db).await?)),
        "top" => Ok(Data::Top(top::top_products(db).await?)),
        _ => Err(ApiError::not_found("query (there are categories, search and top)")),
    }
}
