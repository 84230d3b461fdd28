//! One replica: a process that does what it is told by lines, and answers by lines.

use crate::PRODUCTS;
use crate::caches::{Db, Product, after, before};
use cache_runtime::Cache;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Debug)]
struct Replica {
    db: Db,
    shared: bool,
}

impl Replica {
    async fn product(&self, id: u64) -> Product {
        if self.shared {
            after::product(&self.db, id).await
        } else {
            before::product(&self.db, id).await
        }
    }

    /// `requests` for products, few of them popular and most of them seldom asked for, by eight
    /// clients. Answers how many queries that took, and the mean microseconds of a request.
    async fn load(self: &Arc<Self>, seed: u64, requests: u64) -> String {
        const CLIENTS: u64 = 8;
        let queries = self.db.queries();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (this, mut random) =
                    (self.clone(), fastrand::Rng::with_seed(seed * CLIENTS + client));
                tokio::spawn(async move {
                    let started = Instant::now();
                    for _ in 0..requests / CLIENTS {
                        let id = (PRODUCTS as f64 * random.f64().powi(3)) as u64;
                        this.product(id).await;
                    }
                    started.elapsed()
                })
            })
            .collect();
        let mut busy = Duration::ZERO;
        for client in clients {
            busy += client.await.unwrap();
        }
        let queries = self.db.queries() - queries;
        format!("{queries} {}", busy.as_micros() / u128::from(requests))
    }

    /// Fifty callers at once for one product: how many queries they make.
    async fn crowd(self: &Arc<Self>, id: u64) -> String {
        let queries = self.db.queries();
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let this = self.clone();
                tokio::spawn(async move { this.product(id).await })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        (self.db.queries() - queries).to_string()
    }

    async fn write(&self, products: u64) -> String {
        for id in 0..products {
            let price = self.db.price(id) + 1;
            match self.shared {
                true => after::set_price(&self.db, id, price).await,
                false => before::set_price(&self.db, id, price).await,
            }
        }
        String::new()
    }

    /// How many of the first products are answered with a price that the database no longer has.
    async fn old(&self, products: u64) -> String {
        let mut old = 0;
        for id in 0..products {
            old += u64::from(self.product(id).await.price != self.db.price(id));
        }
        old.to_string()
    }

    /// The median time of a hit, one after the other, in nanoseconds.
    async fn hits(&self) -> String {
        self.product(0).await;
        let mut times = Vec::new();
        for _ in 0..5_000 {
            let started = Instant::now();
            self.product(0).await;
            times.push(started.elapsed());
        }
        times.sort();
        times[times.len() / 2].as_nanos().to_string()
    }
}

/// The memory of this process in KiB, as the kernel counts it.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|kib| kib.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// What the process of a replica runs: an order a line, and an answer a line.
pub(crate) async fn replica(kind: &str, prices: &str, url: &str) {
    let shared = kind == "after";
    if shared {
        Cache::builder().url(url).prefix("measure").build().unwrap().install().unwrap();
    }
    let replica = Arc::new(Replica { db: Db::open(prices), shared });
    let mut empty = 0;
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let number = |i: usize| words[i].parse().unwrap();
        let answer = match words[0] {
            "load" => replica.load(number(1), number(2)).await,
            "crowd" => replica.crowd(number(1)).await,
            "write" => replica.write(number(1)).await,
            "old" => replica.old(number(1)).await,
            "hits" => replica.hits().await,
            "warm" => {
                replica.product(0).await; // connections and code, which are not what is cached
                empty = resident();
                String::new()
            }
            "memory" => resident().saturating_sub(empty).to_string(),
            other => panic!("no such order: {other}"),
        };
        println!("{answer}");
    }
}
