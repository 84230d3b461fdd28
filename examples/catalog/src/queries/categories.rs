//! The categories with their figures.

use crate::database::Db;
use crate::error::DbError;
use crate::money::Decimal;
use cache_runtime::redis_cache;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};
use std::time::Duration;

/// A category and what is in it; reviews that are hidden do not count.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)] // they say it
pub struct CategoryStats {
    pub id: i64,
    pub name: String,
    pub product_count: i64,
    pub review_count: i64,
    pub average_rating: Option<Decimal>,
    pub average_price: Option<Decimal>,
    pub lowest_price: Option<Decimal>,
    pub highest_price: Option<Decimal>,
    pub stock: i64,
}

// Sums and counts leave the database, averages are made here: exact, and the same of both.
const QUERY: &str = "
    WITH of_products AS (
        SELECT
            category_id,
            COUNT(*) AS product_count,
            CAST(SUM(price_cents) AS BIGINT) AS price_sum,
            MIN(price_cents) AS lowest_price,
            MAX(price_cents) AS highest_price,
            CAST(SUM(stock) AS BIGINT) AS stock
        FROM products
        GROUP BY category_id
    ),
    of_reviews AS (
        SELECT
            products.category_id,
            COUNT(*) AS review_count,
            CAST(SUM(reviews.rating) AS BIGINT) AS rating_sum
        FROM reviews
        JOIN products ON products.id = reviews.product_id
        WHERE reviews.hidden = 0
        GROUP BY products.category_id
    )
    SELECT
        categories.id,
        categories.name,
        COALESCE(of_products.product_count, 0) AS product_count,
        COALESCE(of_products.price_sum, 0) AS price_sum,
        of_products.lowest_price,
        of_products.highest_price,
        COALESCE(of_products.stock, 0) AS stock,
        COALESCE(of_reviews.review_count, 0) AS review_count,
        COALESCE(of_reviews.rating_sum, 0) AS rating_sum
    FROM categories
    LEFT JOIN of_products ON of_products.category_id = categories.id
    LEFT JOIN of_reviews ON of_reviews.category_id = categories.id
    ORDER BY categories.id";

/// All categories with their figures.
///
/// # Errors
/// The database's.
#[redis_cache(key = "categories:stats", tags = ["prices"])]
pub async fn category_stats(db: &Db) -> Result<Vec<CategoryStats>, DbError> {
    db.latency(Duration::from_millis(300)).await;
    Ok(sqlx::query_as(QUERY).fetch_all(db.pool()).await?)
}

impl FromRow<'_, AnyRow> for CategoryStats {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let product_count = row.try_get("product_count")?;
        let review_count = row.try_get("review_count")?;
        let price = |column| -> sqlx::Result<_> {
            Ok(row.try_get::<Option<i64>, _>(column)?.map(Decimal::from_hundredths))
        };
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            product_count,
            review_count,
            average_rating: Decimal::average(row.try_get("rating_sum")?, review_count),
            average_price: Decimal::average_of_hundredths(row.try_get("price_sum")?, product_count),
            lowest_price: price("lowest_price")?,
            highest_price: price("highest_price")?,
            stock: row.try_get("stock")?,
        })
    }
}
