//! Measures what MIGRATION.md says: four replicas with a dictionary each, against four that share
//! one cache.
//!
//! ```text
//! cargo run --release -p catalog --example dictionaries      # starts a redis-server by itself
//! ```
//!
//! Every replica is a process of its own, which this program starts from itself and tells by lines
//! what to do. The database is a file of prices, and a query takes 20 ms by sleeping.
// Who waits for figures wants to see them, and a measurement that cannot start has nothing to save.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use cache_runtime::{Cache, redis_cache, redis_invalidate};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::FileExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

const REPLICAS: usize = 4;
const PRODUCTS: u64 = 5_000;
const QUERY: Duration = Duration::from_millis(20);
const TTL: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Product {
    id: u64,
    price: u64,
    description: String,
}

/// The database: what replicas share in either case.
#[derive(Debug)]
struct Db {
    prices: File,
    queries: AtomicU64,
}

impl Db {
    async fn product(&self, id: u64) -> Product {
        self.queries.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(QUERY).await;
        Product { id, price: self.price(id), description: "A product like many. ".repeat(50) }
    }

    fn price(&self, id: u64) -> u64 {
        let mut bytes = [0; 8];
        self.prices.read_exact_at(&mut bytes, id * 8).unwrap();
        u64::from_le_bytes(bytes)
    }

    async fn set_price(&self, id: u64, price: u64) {
        self.prices.write_all_at(&price.to_le_bytes(), id * 8).unwrap();
    }
}

/// A dictionary in each replica, as the guide's "before".
mod before {
    use super::*;

    type Entries = HashMap<u64, (Instant, Product)>;
    static CACHE: LazyLock<Mutex<Entries>> = LazyLock::new(Mutex::default);

    pub(super) async fn product(db: &Db, id: u64) -> Product {
        if let Some((stored, product)) = CACHE.lock().unwrap().get(&id)
            && stored.elapsed() < TTL
        {
            return product.clone();
        }
        let product = db.product(id).await;
        CACHE.lock().unwrap().insert(id, (Instant::now(), product.clone()));
        product
    }

    pub(super) async fn set_price(db: &Db, id: u64, price: u64) {
        db.set_price(id, price).await;
        CACHE.lock().unwrap().remove(&id);
    }
}

/// The attribute, as the guide's "after".
mod after {
    use super::*;

    #[redis_cache(ttl = TTL, key = "product:{id}")]
    pub(super) async fn product(db: &Db, id: u64) -> Product {
        db.product(id).await
    }

    #[redis_invalidate(product(id))]
    pub(super) async fn set_price(db: &Db, id: u64, price: u64) {
        db.set_price(id, price).await;
    }
}

// --- A replica

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
        let queries = self.db.queries.load(Ordering::Relaxed);
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
        let queries = self.db.queries.load(Ordering::Relaxed) - queries;
        format!("{queries} {}", busy.as_micros() / u128::from(requests))
    }

    /// Fifty callers at once for one product: how many queries they make.
    async fn crowd(self: &Arc<Self>, id: u64) -> String {
        let queries = self.db.queries.load(Ordering::Relaxed);
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let this = self.clone();
                tokio::spawn(async move { this.product(id).await })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        (self.db.queries.load(Ordering::Relaxed) - queries).to_string()
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

async fn replica(kind: &str, prices: &str, url: &str) {
    let prices = File::options().read(true).write(true).open(prices).unwrap();
    let shared = kind == "after";
    if shared {
        Cache::builder().url(url).prefix("measure").build().unwrap().install().unwrap();
    }
    let replica = Arc::new(Replica { db: Db { prices, queries: AtomicU64::new(0) }, shared });
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

// --- The measurement

#[derive(Debug)]
struct Handle {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Handle {
    fn start(kind: &str, prices: &str, url: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([kind, prices, url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut handle = Self { process, orders, answers };
        handle.order("warm");
        handle.answer();
        handle
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
    }

    fn answer(&mut self) -> Vec<u64> {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.split_whitespace().map(|number| number.parse().unwrap()).collect()
    }

    fn ask(&mut self, order: &str) -> Vec<u64> {
        self.order(order);
        self.answer()
    }

    fn stop(mut self) {
        drop(self.orders); // the end of its orders is the end of the replica
        self.process.wait().unwrap();
    }
}

/// The same order to all at once; the answers, one column after the other, added up.
fn all(replicas: &mut [Handle], order: impl Fn(usize) -> String) -> Vec<u64> {
    replicas.iter_mut().enumerate().for_each(|(i, replica)| replica.order(&order(i)));
    let answers: Vec<_> = replicas.iter_mut().map(Handle::answer).collect();
    (0..answers[0].len()).map(|column| answers.iter().map(|answer| answer[column]).sum()).collect()
}

fn measure(kind: &str, url: &str) -> Vec<(&'static str, String)> {
    const REQUESTS: u64 = 20_000;
    const WRITTEN: u64 = 200;
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len((PRODUCTS + 1) * 8).unwrap();
    let prices = file.path().to_str().unwrap();
    let mut replicas: Vec<_> = (0..REPLICAS).map(|_| Handle::start(kind, prices, url)).collect();
    let n = REPLICAS as u64;

    let cold = all(&mut replicas, |i| format!("load {i} {REQUESTS}"));
    let rate = |queries: u64, requests: u64| {
        format!("{:.1} %", 100.0 - 100.0 * queries as f64 / requests as f64)
    };
    let warm = all(&mut replicas, |i| format!("load {} {REQUESTS}", i + REPLICAS));
    let memory = all(&mut replicas, |_| "memory".to_owned())[0] / n;
    let hit = replicas[0].ask("hits")[0];
    let crowd = all(&mut replicas, |_| format!("crowd {PRODUCTS}"))[0];
    all(&mut replicas, |_| format!("old {WRITTEN}"));
    replicas[0].ask(&format!("write {WRITTEN}"));
    let old = all(&mut replicas, |_| format!("old {WRITTEN}"))[0];
    replicas.pop().unwrap().stop();
    let mut restarted = Handle::start(kind, prices, url);
    let again = restarted.ask(&format!("load 99 {}", REQUESTS / 10));
    replicas.push(restarted);
    replicas.into_iter().for_each(Handle::stop);

    vec![
        ("queries for the first 80,000 requests", cold[0].to_string()),
        ("hit rate of the first 80,000", rate(cold[0], n * REQUESTS)),
        ("hit rate of the next 80,000", rate(warm[0], n * REQUESTS)),
        ("mean time of the first 80,000", format!("{:.2} ms", (cold[1] / n) as f64 / 1e3)),
        ("mean time of the next 80,000", format!("{:.2} ms", (warm[1] / n) as f64 / 1e3)),
        ("median of a hit alone", format!("{:.1} µs", hit as f64 / 1e3)),
        ("memory of each replica, over its start", format!("{:.1} MiB", memory as f64 / 1024.0)),
        ("queries when 200 callers ask for one cold product", crowd.to_string()),
        ("old answers after 200 writes, of 800 reads", old.to_string()),
        ("queries of a restarted replica for 2,000 requests", again[0].to_string()),
        ("their mean time", format!("{:.2} ms", again[1] as f64 / 1e3)),
    ]
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [kind, prices, url] = &arguments[..] {
        return replica(kind, prices, url).await;
    }
    let redis = cache_test_servers::RedisServer::builder().with_args(&["--save", ""]).start();
    let url = redis.url();
    let before = measure("before", &url);
    let after = measure("after", &url);
    let cache = Cache::builder().url(url).prefix("measure").build().unwrap();
    let server = cache.stats().await.server.unwrap();
    println!(
        "| {REPLICAS} replicas, {PRODUCTS} products, {QUERY:?} a query | dictionaries | one cache |"
    );
    println!("|---|---|---|");
    for ((what, before), (_, after)) in before.iter().zip(&after) {
        println!("| {what} | {before} | {after} |");
    }
    println!(
        "| memory of Redis | none | {:.1} MiB |",
        server.used_memory.unwrap() as f64 / 1024.0 / 1024.0
    );
}
