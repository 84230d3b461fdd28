//! The queries of the dashboard. It is their handlers that are cached, in `routes/dashboard.rs`.

use crate::database::{DAY, Db};
use crate::error::DbError;
use crate::money::Decimal;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

/// The shop in one line; reviews that are hidden do not count.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)] // they say it
pub struct ShopStats {
    pub categories: i64,
    pub products: i64,
    pub sold_out: i64,
    pub stock_value: Decimal,
    pub reviews: i64,
    pub average_rating: Option<Decimal>,
}

/// What was said on one day (UTC).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)] // they say it
pub struct Activity {
    pub day: Date,
    pub reviews: i64,
    pub average_rating: Option<Decimal>,
}

/// How many products are new.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)] // they say it
pub struct ProductCount {
    pub days: i64,
    pub products: i64,
}

/// The figures of the whole shop.
///
/// # Errors
/// The database's.
pub async fn shop_stats(db: &Db) -> Result<ShopStats, DbError> {
    let query = sqlx::query_as(
        "SELECT
            (SELECT COUNT(*) FROM categories) AS categories,
            (SELECT COUNT(*) FROM products) AS products,
            (SELECT COUNT(*) FROM products WHERE stock = 0) AS sold_out,
            (SELECT CAST(COALESCE(SUM(price_cents * stock), 0) AS BIGINT) FROM products)
                AS stock_value,
            (SELECT COUNT(*) FROM reviews WHERE hidden = 0) AS reviews,
            (SELECT CAST(COALESCE(SUM(rating), 0) AS BIGINT) FROM reviews WHERE hidden = 0)
                AS rating_sum",
    );
    Ok(query.fetch_one(db.pool()).await?)
}

/// The reviews of the last `days` days, today included, by day.
///
/// # Errors
/// The database's.
pub async fn activity(db: &Db, days: i64) -> Result<Vec<Activity>, DbError> {
    let query = sqlx::query_as(
        "SELECT
            created_at / 86400 AS day,
            COUNT(*) AS reviews,
            CAST(SUM(rating) AS BIGINT) AS rating_sum
        FROM reviews
        WHERE hidden = 0 AND created_at >= $1
        GROUP BY created_at / 86400
        ORDER BY created_at / 86400",
    );
    Ok(query.bind(first_second(days)).fetch_all(db.pool()).await?)
}

/// How many products came in the last `days` days, today included.
///
/// # Errors
/// The database's.
pub async fn product_count(db: &Db, days: i64) -> Result<ProductCount, DbError> {
    let products = sqlx::query_scalar("SELECT COUNT(*) FROM products WHERE created_at >= $1")
        .bind(first_second(days))
        .fetch_one(db.pool())
        .await?;
    Ok(ProductCount { days, products })
}

/// Of the last `days` days, today (UTC) included.
fn first_second(days: i64) -> i64 {
    let today = Timestamp::now().as_second() / DAY;
    (today - days + 1) * DAY
}

impl FromRow<'_, AnyRow> for ShopStats {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let reviews = row.try_get("reviews")?;
        Ok(Self {
            categories: row.try_get("categories")?,
            products: row.try_get("products")?,
            sold_out: row.try_get("sold_out")?,
            stock_value: Decimal::from_hundredths(row.try_get("stock_value")?),
            reviews,
            average_rating: Decimal::average(row.try_get("rating_sum")?, reviews),
        })
    }
}

impl FromRow<'_, AnyRow> for Activity {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let reviews = row.try_get("reviews")?;
        let midnight = Timestamp::from_second(row.try_get::<i64, _>("day")? * DAY)
            .map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(Self {
            day: midnight.to_zoned(TimeZone::UTC).date(),
            reviews,
            average_rating: Decimal::average(row.try_get("rating_sum")?, reviews),
        })
    }
}
