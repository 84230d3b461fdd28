//! Reviews: what each role sees of them, new ones, and hiding one.

use super::{categories, products, top};
use crate::access::Role;
use crate::database::Db;
use crate::error::DbError;
use cache_runtime::{redis_cache, redis_invalidate};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

/// What somebody said of a product.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)] // they say it
pub struct Review {
    pub id: i64,
    pub product_id: i64,
    pub author: String,
    pub rating: i64,
    pub body: String,
    /// Only moderators see those that are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    pub created_at: Timestamp,
}

/// A review to be.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // they say it
pub struct NewReview {
    pub author: String,
    pub rating: i64,
    pub body: String,
}

/// The latest hundred reviews of a product that `role` may see, the newest first; `None` where
/// there is no such product.
///
/// The role is part of the key: what a moderator sees is never served to anybody else.
///
/// # Errors
/// The database's.
#[redis_cache(key = "reviews:{role}:{id}")]
pub async fn reviews(db: &Db, role: Role, id: i64) -> Result<Option<Vec<Review>>, DbError> {
    let product: Option<i64> = sqlx::query_scalar("SELECT id FROM products WHERE id = $1")
        .bind(id)
        .fetch_optional(db.pool())
        .await?;
    if product.is_none() {
        return Ok(None);
    }
    let query = sqlx::query_as(
        "SELECT * FROM reviews
        WHERE product_id = $1 AND hidden <= $2
        ORDER BY created_at DESC, id DESC
        LIMIT 100",
    );
    let most_hidden = i64::from(role == Role::Moderator);
    Ok(Some(query.bind(id).bind(most_hidden).fetch_all(db.pool()).await?))
}

/// Adds a review; `None` where there is no such product.
///
/// Averages and counts change; prices do not, so lists and searches stay. The dashboard may be as
/// old as its own time to live: that is what it has one for.
///
/// # Errors
/// The database's.
#[redis_invalidate(
    reviews(Role::Anonymous, product_id),
    reviews(Role::Moderator, product_id),
    products::product(product_id),
    categories::category_stats(),
    top::top_products()
)]
pub async fn add_review(
    db: &Db,
    product_id: i64,
    new: NewReview,
) -> Result<Option<Review>, DbError> {
    // A statement of its own: a number that comes to nothing is a gap, and nobody waits for it.
    let id: i64 = sqlx::query_scalar(
        "UPDATE counters SET value = value + 1 WHERE name = 'reviews' RETURNING value",
    )
    .fetch_one(db.pool())
    .await?;
    let created_at = Timestamp::now().as_second();
    let insert = sqlx::query(
        "INSERT INTO reviews (id, product_id, author, rating, body, hidden, created_at)
        SELECT $1, products.id, $2, $3, $4, 0, $5 FROM products WHERE products.id = $6",
    )
    .bind(id)
    .bind(&new.author)
    .bind(new.rating)
    .bind(&new.body)
    .bind(created_at)
    .bind(product_id)
    .execute(db.pool())
    .await?;
    Ok((insert.rows_affected() > 0).then(|| Review {
        id,
        product_id,
        author: new.author,
        rating: new.rating,
        body: new.body,
        hidden: false,
        created_at: Timestamp::from_second(created_at).unwrap_or_default(),
    }))
}

/// The product that a review is of.
///
/// # Errors
/// The database's.
pub async fn product_of_review(db: &Db, id: i64) -> Result<Option<i64>, DbError> {
    let query = sqlx::query_scalar("SELECT product_id FROM reviews WHERE id = $1").bind(id);
    Ok(query.fetch_optional(db.pool()).await?)
}

/// Hides a review of this product from all but moderators. What it makes old is what a new one does.
///
/// # Errors
/// The database's.
#[redis_invalidate(
    reviews(Role::Anonymous, product_id),
    reviews(Role::Moderator, product_id),
    products::product(product_id),
    categories::category_stats(),
    top::top_products()
)]
pub async fn hide_review(db: &Db, product_id: i64, id: i64) -> Result<(), DbError> {
    sqlx::query("UPDATE reviews SET hidden = 1 WHERE id = $1 AND product_id = $2")
        .bind(id)
        .bind(product_id)
        .execute(db.pool())
        .await?;
    Ok(())
}

impl FromRow<'_, AnyRow> for Review {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let created_at = Timestamp::from_second(row.try_get("created_at")?)
            .map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(Self {
            id: row.try_get("id")?,
            product_id: row.try_get("product_id")?,
            author: row.try_get("author")?,
            rating: row.try_get("rating")?,
            body: row.try_get("body")?,
            hidden: row.try_get::<i64, _>("hidden")? != 0,
            created_at,
        })
    }
}
