//! The best of each category.

use crate::database::Db;
use crate::error::DbError;
use crate::money::Decimal;
use cache_runtime::redis_cache;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};
use std::time::Duration;

/// One of the best three of its category.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)] // they say it
pub struct TopProduct {
    pub category_id: i64,
    pub category: String,
    pub rank: i64,
    pub product_id: i64,
    pub name: String,
    pub price: Decimal,
    pub average_rating: Option<Decimal>,
    pub review_count: i64,
}

// Averages are compared as whole numbers of millionths: floats may differ in their last bit.
const QUERY: &str = "
    WITH rated AS (
        SELECT
            product_id,
            COUNT(*) AS review_count,
            CAST(SUM(rating) AS BIGINT) AS rating_sum
        FROM reviews
        WHERE hidden = 0
        GROUP BY product_id
        HAVING COUNT(*) >= 5
    ),
    ranked AS (
        SELECT
            products.category_id,
            products.id AS product_id,
            products.name,
            products.price_cents,
            rated.review_count,
            rated.rating_sum,
            ROW_NUMBER() OVER (
                PARTITION BY products.category_id
                ORDER BY
                    rated.rating_sum * 1000000 / rated.review_count DESC,
                    rated.review_count DESC,
                    products.id
            ) AS place
        FROM rated
        JOIN products ON products.id = rated.product_id
    )
    SELECT ranked.*, categories.name AS category
    FROM ranked
    JOIN categories ON categories.id = ranked.category_id
    WHERE ranked.place <= 3
    ORDER BY ranked.category_id, ranked.place";

/// The best three of each category, among those with five reviews or more that are not hidden.
///
/// # Errors
/// The database's.
#[redis_cache(key = "products:top", tags = ["prices"])]
pub async fn top_products(db: &Db) -> Result<Vec<TopProduct>, DbError> {
    db.latency(Duration::from_millis(350)).await;
    Ok(sqlx::query_as(QUERY).fetch_all(db.pool()).await?)
}

impl FromRow<'_, AnyRow> for TopProduct {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let review_count = row.try_get("review_count")?;
        Ok(Self {
            category_id: row.try_get("category_id")?,
            category: row.try_get("category")?,
            rank: row.try_get("place")?,
            product_id: row.try_get("product_id")?,
            name: row.try_get("name")?,
            price: Decimal::from_hundredths(row.try_get("price_cents")?),
            average_rating: Decimal::average(row.try_get("rating_sum")?, review_count),
            review_count,
        })
    }
}
