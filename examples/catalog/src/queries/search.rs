//! The search by text.

use super::products::Product;
use crate::database::Db;
use crate::error::DbError;
use crate::text;
use cache_runtime::redis_cache;
use std::time::Duration;

// The second comparison is a cast since PostgreSQL must know the type of a lone parameter.
const QUERY: &str = r"
    SELECT
        products.id,
        products.name,
        products.description,
        products.category_id,
        categories.name AS category,
        products.price_cents,
        products.stock
    FROM products
    JOIN categories ON categories.id = products.category_id
    WHERE products.folded LIKE $1 ESCAPE '\'
        AND (CAST($2 AS BIGINT) IS NULL OR products.category_id = $2)
    ORDER BY products.name, products.id
    LIMIT 50";

/// The products whose name or description contains `q`, of one category or of all.
///
/// `q` is [folded](folded) already, so that `Lamp` and `lamp` share an entry.
///
/// # Errors
/// The database's.
#[redis_cache(key = "products:search:{q}:{category_id}", tags = ["prices"])]
pub async fn search(db: &Db, q: &str, category_id: Option<i64>) -> Result<Vec<Product>, DbError> {
    db.latency(Duration::from_millis(250)).await;
    let query = sqlx::query_as(QUERY).bind(text::containing(q)).bind(category_id);
    Ok(query.fetch_all(db.pool()).await?)
}

/// What to search for, as somebody typed it.
#[must_use]
pub fn folded(typed: &str) -> String {
    text::fold(typed.trim())
}
