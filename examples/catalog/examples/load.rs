//! Measures the cached endpoints under load: against the database, and against handlers that do
//! `GET` and `serde_json` by hand.
//!
//! ```text
//! cargo run --release -p catalog --example load      # starts a redis-server; needs `wrk`
//! ```
//!
//! Everything but the load comes from one process, behind the same layers. Rounds alternate, so
//! that the machine's mood hits all; what is printed is the median of the ratios of neighbouring
//! rounds, by requests in a second and by this process' CPU time for a request.
// Who waits for figures wants to see them, and a measurement that cannot start has nothing to save.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use cache_test_servers::RedisServer;
use catalog::database::Db;
use catalog::queries::{categories::CategoryStats, products::Product, top::TopProduct};
use catalog::settings::Settings;
use catalog::{AppState, app, around, bypassable, metrics};
use clap::Parser;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::process::Command;
use std::time::Duration;
use tokio::net::TcpListener;

const ROUNDS: usize = 7;
const CONNECTIONS: &str = "-c16";
const ROUND: &str = "-d2s";

/// What is asked, and the key that the handler by hand reads.
const QUERIES: [(&str, &str, &str); 3] = [
    ("categories", "/api/categories", "catalog:categories:stats"),
    ("search", "/api/products/search?q=steel", "catalog:products:search:steel:~"),
    ("top", "/api/products/top", "catalog:products:top"),
];

#[tokio::main]
async fn main() {
    let redis = RedisServer::start();
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("catalog.db").display());
    let url = redis.url();
    let settings =
        Settings::parse_from(["catalog", "--database-url", &database, "--redis-url", &url]);
    let cache = settings.cache().unwrap();
    cache.install().unwrap();
    let db = Db::open(&settings.database()).await.unwrap();
    let state = AppState::new(db, cache, metrics::install().unwrap(), None);

    let by_hand = Router::new().nest("/by-hand", by_hand(connect(&url).await));
    let app = app(state).unwrap().merge(around(by_hand));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, app).into_future());
    tokio::task::spawn_blocking(move || measure(&format!("http://{address}"))).await.unwrap();
}

fn by_hand(connection: MultiplexedConnection) -> Router {
    let routes = Router::new()
        .route("/categories/{key}", get(read::<CategoryStats>))
        .route("/search/{key}", get(read::<Product>))
        .route("/top/{key}", get(read::<TopProduct>));
    bypassable(routes).with_state(connection)
}

/// A hit, as one would write it.
async fn read<T: Serialize + DeserializeOwned>(
    State(mut connection): State<MultiplexedConnection>,
    Path(key): Path<String>,
) -> Json<Vec<T>> {
    let bytes: Vec<u8> = redis::cmd("GET").arg(key).query_async(&mut connection).await.unwrap();
    Json(serde_json::from_slice(&bytes).unwrap())
}

/// With the settings that the cache has.
async fn connect(url: &str) -> MultiplexedConnection {
    let tcp = TcpSettings::default().set_nodelay(true);
    let client = Client::open(url.into_connection_info().unwrap().set_tcp_settings(tcp)).unwrap();
    let config =
        AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_millis(250)));
    client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
}

/// One round of load.
#[derive(Debug, Clone, Copy)]
struct Round {
    per_second: f64,
    /// Microseconds of CPU time for a request.
    cpu: f64,
}

fn measure(base: &str) {
    println!("1.00 = by hand; requests/s (and CPU): {ROUNDS} rounds of 2 s, 16 connections");
    for (name, path, key) in QUERIES {
        let separator = if path.contains('?') { '&' } else { '?' };
        let cached = format!("{base}{path}");
        let database = format!("{base}{path}{separator}use_cache=false");
        let by_hand = format!("{base}/by-hand/{name}/{key}");
        // Fills the key that both sides read, and warms up.
        for url in [&cached, &by_hand] {
            load(url);
        }
        let mut rounds = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            for (side, url) in rounds.iter_mut().zip([&by_hand, &cached, &database]) {
                side.push(load(url));
            }
        }
        let [by_hand, cached, database] = &rounds;
        let ratio = |side: &[Round], of: fn(&Round) -> f64| {
            median(side.iter().zip(by_hand).map(|(side, hand)| of(side) / of(hand)).collect())
        };
        let speed = |side: &[Round]| median(side.iter().map(|round| round.per_second).collect());
        println!(
            "{name:<11} cached {:.2} (CPU {:.2}), database {:.3}; by hand {:.0}/s, cached {:.0}/s, \
             database {:.0}/s",
            ratio(cached, |round| round.per_second),
            1.0 / ratio(cached, |round| round.cpu),
            ratio(database, |round| round.per_second),
            speed(by_hand),
            speed(cached),
            speed(database),
        );
    }
}

fn load(url: &str) -> Round {
    let before = cpu_time();
    let output = Command::new("wrk")
        .args(["-t1", CONNECTIONS, ROUND, url])
        .output()
        .expect("`wrk` makes the load: install it (Debian: wrk)");
    let cpu = cpu_time() - before;
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(!report.contains("Non-2xx"), "{url}: {report}");
    let figure = |line: &str| -> Option<f64> {
        let rest = report.lines().find_map(|l| l.trim().strip_prefix(line))?;
        rest.trim().parse().ok()
    };
    let count = report.lines().find_map(|line| line.trim().split_once(" requests in "));
    let count: f64 = count.and_then(|(count, _)| count.parse().ok()).expect("what wrk counted");
    let per_second = figure("Requests/sec:").expect("what wrk measured");
    Round { per_second, cpu: cpu.as_secs_f64() * 1e6 / count }
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.try_into().unwrap()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
