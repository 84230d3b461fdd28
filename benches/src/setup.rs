//! What both sides run on: one server, one runtime like a service's, one value.

use cache_runtime::Cache;
use cache_test_servers::{RedisServer, free_port};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo};
use serde::{Deserialize, Serialize};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Of both sides: before every key.
const PREFIX: &str = "bench";
/// The store budget of ours, and the floor's deadline for each command.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(250);
/// The most callers of any row; each has a key of its own.
pub(crate) const CALLERS: usize = 256;

/// About 300 bytes of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) active: bool,
    pub(crate) score: f64,
    pub(crate) roles: Vec<String>,
    pub(crate) teams: Vec<u32>,
    pub(crate) about: String,
}

impl User {
    pub(crate) fn new(id: u64) -> Self {
        Self {
            id,
            name: "Ada Lovelace".to_owned(),
            email: "ada.lovelace@example.com".to_owned(),
            active: true,
            score: 0.731,
            roles: ["admin", "editor", "billing"].map(str::to_owned).into(),
            teams: vec![12, 407, 1_815, 1_852],
            about: "Wrote the first program that was meant for a machine to run, \
                    and a note on what such machines would never do by themselves."
                .to_owned(),
        }
    }
}

/// The cache of the functions that keep their values in this process.
pub(crate) static MEMORY: LazyLock<Cache> = LazyLock::new(|| cache("memory://"));
/// The cache of the functions that are not cached.
pub(crate) static DISABLED: LazyLock<Cache> = LazyLock::new(|| cache("disabled://"));
/// The cache of the functions whose Redis is not there.
pub(crate) static REFUSED: LazyLock<Cache> =
    LazyLock::new(|| cache(&format!("redis://127.0.0.1:{}", free_port())));

pub(crate) fn cache(url: &str) -> Cache {
    Cache::builder().url(url).prefix(PREFIX).timeout(TIMEOUT).build().unwrap()
}

/// A server, a runtime with two workers, and the floor's connection there.
#[derive(Debug)]
pub(crate) struct Bench {
    server: Mutex<Option<RedisServer>>,
    url: String,
    /// The server's process.
    pid: u32,
    pub(crate) runtime: Runtime,
    pub(crate) connection: MultiplexedConnection,
    /// The floor's keys, built beforehand.
    pub(crate) keys: Vec<String>,
    /// How many pairs of rounds each ratio is the median of.
    pub(crate) rounds: usize,
}

impl Bench {
    /// Starts everything, installs the cache, and fills the keys of all callers. For ever, so that
    /// what is spawned can borrow it.
    pub(crate) fn start(rounds: usize) -> &'static Self {
        let server =
            RedisServer::with_args(&["--maxmemory", "128mb", "--maxmemory-policy", "allkeys-lru"]);
        let url = server.url();
        let info: String = server.command(&["INFO", "server"]);
        let pid = info.lines().find_map(|line| line.trim().strip_prefix("process_id:")).unwrap();
        let pid = pid.parse().unwrap();
        cache(&url).install().unwrap();
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let connection = runtime.block_on(connect(&url));
        runtime.block_on(fill());
        let keys = (0..CALLERS).map(|id| format!("{PREFIX}:user:{id}")).collect();
        let server = Mutex::new(Some(server));
        Box::leak(Box::new(Self { server, url, pid, runtime, connection, keys, rounds }))
    }

    /// A cache beside the installed one, of the same keys.
    pub(crate) fn another_cache(&self) -> Cache {
        cache(&self.url)
    }

    /// A connection of the floor's on the runtime that this is called on.
    pub(crate) async fn connect(&self) -> MultiplexedConnection {
        connect(&self.url).await
    }

    /// Nanoseconds of CPU time that the server's main thread has had, which runs all commands.
    pub(crate) fn server_cpu(&self) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/schedstat", self.pid)).unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    }

    /// Ends the server, which a leaked value would not.
    pub(crate) fn stop(&self) {
        drop(self.server.lock().unwrap().take());
    }
}

/// With the settings that ours has.
async fn connect(url: &str) -> MultiplexedConnection {
    let tcp = TcpSettings::default().set_nodelay(true);
    let client = Client::open(url.into_connection_info().unwrap().set_tcp_settings(tcp)).unwrap();
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(TIMEOUT));
    client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
}

/// Every caller's key by ours, so that the floor reads what ours has written.
async fn fill() {
    for id in 0..CALLERS as u64 {
        assert_eq!(crate::ours::user(id).await, Ok(User::new(id)));
        assert_eq!(crate::ours::in_memory(id).await, Ok(User::new(id)));
    }
    let hits = Cache::global().stats().await.process.total.hits;
    assert_eq!(crate::ours::user(0).await, Ok(User::new(0)));
    assert_eq!(Cache::global().stats().await.process.total.hits, hits + 1, "a hit is a hit");
}
