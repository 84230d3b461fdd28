//! Many keys by one call: one look for all of them, and one query for those that are missing.

use cache_examples::Db;
use cache_runtime::{observe, redis_cache, redis_invalidate};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Instant;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Product {
    id: u64,
    name: String,
}

fn product_of(id: u64) -> Product {
    Product { id, name: format!("product {id}") }
}

#[redis_cache(ttl = "5m", key = "product:{id}")]
async fn product(db: &Db, id: u64) -> anyhow::Result<Product> {
    db.query().await;
    Ok(product_of(id))
}

// The same template, and so the same entries. The body gets those that are missing.
#[redis_cache(ttl = "5m", key = "product:{id}", batch = "ids")]
async fn products(db: &Db, ids: &[u64]) -> anyhow::Result<HashMap<u64, Product>> {
    db.query().await; // SELECT … WHERE id = ANY($1)
    Ok(ids.iter().map(|id| (*id, product_of(*id))).collect())
}

// With `none_ttl`, a member that the query did not find is remembered as absent. Pairs come in the
// order of the list.
#[redis_cache(ttl = "5m", key = "stock:{shop}:{id}", batch = "ids", none_ttl = "10s")]
async fn stocks(db: &Db, shop: &str, ids: Vec<u64>) -> Vec<(u64, u32)> {
    db.query().await;
    let _ = shop;
    ids.into_iter().filter(|id| id % 2 == 0).map(|id| (id, 7)).collect()
}

// Writers name one member, whichever function has stored it.
#[redis_invalidate(products(id))]
async fn rename(db: &Db, id: u64) {
    db.query().await;
    let _ = id;
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cache = cache_examples::cache()?;
    cache.clear().await?;
    cache.scope(run()).await
}

async fn run() -> anyhow::Result<()> {
    let db = Db::default();
    product(&db, 2).await?;
    let (found, seen) = observe(products(&db, &[1, 2, 3])).await;
    println!("{} products: {} found, {} computed", found?.len(), seen.hits, seen.misses);
    product(&db, 3).await?;
    println!("{} queries for the single products 2 and 3, and for the three", db.queries());

    rename(&db, 1).await;
    let (_, seen) = observe(products(&db, &[1, 2, 3])).await;
    println!("after a change of one: {} found, {} computed", seen.hits, seen.misses);

    println!("in stock: {:?}", stocks(&db, "north", vec![4, 3, 2]).await);
    let (again, seen) = observe(stocks(&db, "north", vec![4, 3, 2])).await;
    println!("and from the cache, the absent one too: {again:?}, {} found", seen.hits);

    let ids: Vec<u64> = (100..200).collect();
    products(&db, &ids).await?;
    let begun = Instant::now();
    for id in &ids {
        product(&db, *id).await?;
    }
    let (one_by_one, begun) = (begun.elapsed(), Instant::now());
    products(&db, &ids).await?;
    println!("100 products: {one_by_one:?} one by one, {:?} by one call", begun.elapsed());
    Ok(())
}
