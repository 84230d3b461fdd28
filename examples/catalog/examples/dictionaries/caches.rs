//! What is measured: one function behind a dictionary, and behind the attribute.

use cache_runtime::{redis_cache, redis_invalidate};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

/// How long a query takes.
pub(crate) const QUERY: Duration = Duration::from_millis(20);
const TTL: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Product {
    id: u64,
    pub(crate) price: u64,
    description: String,
}

/// The database: what replicas share in either case.
#[derive(Debug)]
pub(crate) struct Db {
    prices: File,
    queries: AtomicU64,
}

impl Db {
    pub(crate) fn open(prices: &str) -> Self {
        let prices = File::options().read(true).write(true).open(prices).unwrap();
        Self { prices, queries: AtomicU64::new(0) }
    }

    /// How many there have been.
    pub(crate) fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    async fn product(&self, id: u64) -> Product {
        self.queries.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(QUERY).await;
        Product { id, price: self.price(id), description: "A product like many. ".repeat(50) }
    }

    /// What it is now, which no cache needs to be asked for.
    pub(crate) fn price(&self, id: u64) -> u64 {
        let mut bytes = [0; 8];
        self.prices.read_exact_at(&mut bytes, id * 8).unwrap();
        u64::from_le_bytes(bytes)
    }

    async fn set_price(&self, id: u64, price: u64) {
        self.prices.write_all_at(&price.to_le_bytes(), id * 8).unwrap();
    }
}

/// A dictionary in each replica, as the guide's "before".
pub(crate) mod before {
    use super::*;

    type Entries = HashMap<u64, (Instant, Product)>;
    static CACHE: LazyLock<Mutex<Entries>> = LazyLock::new(Mutex::default);

    pub(crate) async fn product(db: &Db, id: u64) -> Product {
        if let Some((stored, product)) = CACHE.lock().unwrap().get(&id)
            && stored.elapsed() < TTL
        {
            return product.clone();
        }
        let product = db.product(id).await;
        CACHE.lock().unwrap().insert(id, (Instant::now(), product.clone()));
        product
    }

    pub(crate) async fn set_price(db: &Db, id: u64, price: u64) {
        db.set_price(id, price).await;
        CACHE.lock().unwrap().remove(&id);
    }
}

/// The attribute, as the guide's "after".
pub(crate) mod after {
    use super::*;

    #[redis_cache(ttl = TTL, key = "product:{id}")]
    pub(crate) async fn product(db: &Db, id: u64) -> Product {
        db.product(id).await
    }

    #[redis_invalidate(product(id))]
    pub(crate) async fn set_price(db: &Db, id: u64, price: u64) {
        db.set_price(id, price).await;
    }
}
