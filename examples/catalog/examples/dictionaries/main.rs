//! Measures what MIGRATION.md says: four replicas with a dictionary each, against four that share
//! one cache.
//!
//! ```text
//! cargo run --release -p catalog --example dictionaries      # starts a redis-server by itself
//! ```
//!
//! Every replica is a process of its own, which this program starts from itself. The database is a
//! file of prices, and a query takes 20 ms by sleeping.
// Who waits for figures wants to see them, and a measurement that cannot start has nothing to save.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod caches;
mod replica;

use cache_runtime::Cache;
use caches::QUERY;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const REPLICAS: usize = 4;
const PRODUCTS: u64 = 5_000;

/// A replica, from outside.
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
        ("median time of a hit alone", format!("{:.1} µs", hit as f64 / 1e3)),
        ("memory of each replica, beyond its start", format!("{:.1} MiB", memory as f64 / 1024.0)),
        ("queries when 200 callers ask for one cold product", crowd.to_string()),
        ("old answers after 200 writes by one replica, of 800 reads by all", old.to_string()),
        ("queries of a restarted replica for 2,000 requests", again[0].to_string()),
        ("mean time of those requests", format!("{:.2} ms", again[1] as f64 / 1e3)),
    ]
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [kind, prices, url] = &arguments[..] {
        return replica::replica(kind, prices, url).await;
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
