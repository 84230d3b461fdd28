//! What is changed. The functions behind these say what each change makes old.

use crate::access::Moderator;
use crate::database::Db;
use crate::error::ApiError;
use crate::extract::{Json, Path, text, within};
use crate::money::Decimal;
use crate::queries::products::{self, ProductDetail};
use crate::queries::reviews::{self, NewReview, Review};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

/// The dearest that anything may be: a million.
const DEAREST: i64 = 100_000_000;

#[derive(Debug, Deserialize)]
pub(super) struct PriceBody {
    price: Decimal,
}

pub(super) async fn set_price(
    State(db): State<Db>,
    Path(id): Path<i64>,
    Json(body): Json<PriceBody>,
) -> Result<axum::Json<ProductDetail>, ApiError> {
    if !(0..=DEAREST).contains(&body.price.hundredths()) {
        return Err(ApiError::bad_request("price must be from 0.00 to 1000000.00"));
    }
    products::set_price(&db, id, body.price).await?;
    let product = products::product(&db, id).await?;
    product.map(axum::Json).ok_or_else(|| ApiError::not_found("product"))
}

#[derive(Debug, Deserialize)]
pub(super) struct ReviewBody {
    author: String,
    rating: i64,
    body: String,
}

pub(super) async fn add_review(
    State(db): State<Db>,
    Path(product_id): Path<i64>,
    Json(ReviewBody { author, rating, body }): Json<ReviewBody>,
) -> Result<(StatusCode, axum::Json<Review>), ApiError> {
    text("author", &author, 100)?;
    text("body", &body, 5000)?;
    within("rating", rating, 1..=5)?;
    if author.trim().is_empty() {
        return Err(ApiError::bad_request("author is empty"));
    }
    let new = NewReview { author, rating, body };
    match reviews::add_review(&db, product_id, new).await? {
        Some(review) => Ok((StatusCode::CREATED, axum::Json(review))),
        None => Err(ApiError::not_found("product")),
    }
}

pub(super) async fn hide_review(
    _: Moderator,
    State(db): State<Db>,
    Path(id): Path<i64>,
) -> Result<StatusCode, ApiError> {
    let product = reviews::product_of_review(&db, id).await?;
    let product = product.ok_or_else(|| ApiError::not_found("review"))?;
    reviews::hide_review(&db, product, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
