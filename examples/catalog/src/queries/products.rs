//! Products: pages of them, one of them, and its price.

use crate::database::Db;
use crate::error::DbError;
use crate::money::Decimal;
use cache_runtime::http::SortedQuery;
use cache_runtime::{redis_cache, redis_invalidate};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};

/// A product in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)] // they say it
pub struct Product {
    pub id: i64,
    pub name: String,
    pub description: String,
    pub category_id: i64,
    pub category: String,
    pub price: Decimal,
    pub stock: i64,
}

/// A product on its own page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)] // they say it
pub struct ProductDetail {
    #[serde(flatten)]
    pub product: Product,
    pub average_rating: Option<Decimal>,
    pub review_count: i64,
}

/// Which part of a list, as a query string says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Page {
    /// How many; 20 where it does not say.
    #[serde(default = "twenty")]
    pub limit: i64,
    /// After how many others.
    #[serde(default)]
    pub offset: i64,
}

fn twenty() -> i64 {
    20
}

/// A page of all products, by their numbers.
///
/// The key is the query string, sorted and without what is not of a [`Page`], so that links with a
/// `utm_source` share an entry with those without.
///
/// # Errors
/// The database's.
#[redis_cache(key = "products:list:{page}", tags = ["prices"])]
pub async fn products(db: &Db, page: &SortedQuery<Page>) -> Result<Vec<Product>, DbError> {
    let query = sqlx::query_as(
        "SELECT products.*, categories.name AS category
        FROM products
        JOIN categories ON categories.id = products.category_id
        ORDER BY products.id
        LIMIT $1 OFFSET $2",
    );
    Ok(query.bind(page.limit).bind(page.offset).fetch_all(db.pool()).await?)
}

/// One product. That there is none is remembered for a moment too, so that guessed numbers do not
/// all reach the database.
///
/// # Errors
/// The database's.
#[redis_cache(key = "product:{id}", none_ttl = 5)]
pub async fn product(db: &Db, id: i64) -> Result<Option<ProductDetail>, DbError> {
    let query = sqlx::query_as(
        "SELECT
            products.*,
            categories.name AS category,
            (SELECT COUNT(*) FROM reviews WHERE product_id = products.id AND hidden = 0)
                AS review_count,
            (SELECT CAST(COALESCE(SUM(rating), 0) AS BIGINT) FROM reviews
                WHERE product_id = products.id AND hidden = 0) AS rating_sum
        FROM products
        JOIN categories ON categories.id = products.category_id
        WHERE products.id = $1",
    );
    Ok(query.bind(id).fetch_optional(db.pool()).await?)
}

/// Changes a price; says whether there is such a product.
///
/// A price is seen on the product's page, which is one entry that can be named. It is also seen in
/// lists and searches, of which there are as many as people's ideas, among the best, and in the
/// figures: all of these have one tag.
///
/// # Errors
/// The database's.
#[redis_invalidate(product(id), tags = ["prices"])]
pub async fn set_price(db: &Db, id: i64, price: Decimal) -> Result<bool, DbError> {
    let update = sqlx::query("UPDATE products SET price_cents = $1 WHERE id = $2")
        .bind(price.hundredths())
        .bind(id)
        .execute(db.pool())
        .await?;
    Ok(update.rows_affected() > 0)
}

impl FromRow<'_, AnyRow> for Product {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            category_id: row.try_get("category_id")?,
            category: row.try_get("category")?,
            price: Decimal::from_hundredths(row.try_get("price_cents")?),
            stock: row.try_get("stock")?,
        })
    }
}

impl FromRow<'_, AnyRow> for ProductDetail {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let review_count = row.try_get("review_count")?;
        Ok(Self {
            product: Product::from_row(row)?,
            average_rating: Decimal::average(row.try_get("rating_sum")?, review_count),
            review_count,
        })
    }
}
