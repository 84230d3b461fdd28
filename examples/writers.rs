//! Functions that change the data, and what they do to the values that are cached of it.

use cache_examples::Db;
use cache_runtime::{defer_invalidations, redis_cache, redis_invalidate, redis_put};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Prices by item, in a slow database.
#[derive(Default)]
struct Shop {
    db: Db,
    prices: Mutex<BTreeMap<u64, u64>>,
}

impl Shop {
    fn prices(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, u64>> {
        self.prices.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[redis_cache(ttl = "5m", key = "price:{item}")]
async fn price(shop: &Shop, item: u64) -> Option<u64> {
    shop.db.query().await;
    shop.prices().get(&item).copied()
}

#[redis_cache(ttl = "5m", key = "total")]
async fn total(shop: &Shop) -> u64 {
    shop.db.query().await;
    shop.prices().values().sum()
}

/// Both values are computed anew when somebody next wants them.
#[redis_invalidate(price(item), total())]
async fn remove(shop: &Shop, item: u64) {
    shop.prices().remove(&item);
}

/// The new price is there for the next reader, and the total is computed anew. An `Err` stores
/// nothing, and both are invalidated.
#[redis_put(price(item))]
#[redis_invalidate(total())]
async fn set(shop: &Shop, item: u64, to: u64) -> Result<Option<u64>, String> {
    if to == 0 {
        return Err("nothing is free".to_owned());
    }
    shop.prices().insert(item, to);
    Ok(Some(to))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().init();
    cache_examples::cache()?.install()?;
    let shop = Shop::default();

    println!("price {:?}, total {}", set(&shop, 1, 30).await, total(&shop).await);
    println!("price {:?} without a query: {} so far", price(&shop, 1).await, shop.db.queries());
    println!("refused: {:?}", set(&shop, 1, 0).await);

    // In one transaction: others see none of it before the commit.
    defer_invalidations(async {
        set(&shop, 1, 40).await.ok();
        remove(&shop, 2).await;
        // ... commit
    })
    .await;
    println!("price {:?}, total {}", price(&shop, 1).await, total(&shop).await);
    Ok(())
}
