//! What operators read: the figures of a process, of its functions and of the server, as data that
//! serializes to JSON under fixed names.

use super::counters::Counts;
use serde::Serialize;

/// Whether a cache reaches its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// The store answers.
    Connected,
    /// It does not; calls run their bodies.
    Unreachable,
    /// Caching is switched off.
    Disabled,
}

/// The breaker between the calls and the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BreakerState {
    /// Everything is let through.
    Closed,
    /// Nothing is.
    Open,
    /// One trial is under way.
    HalfOpen,
}

/// What [`Cache::stats`](crate::Cache::stats) answers. Serializes to JSON under these names.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Whether the store answers now.
    pub status: Status,
    /// The prefix of this cache's keys.
    pub prefix: String,
    /// The breaker of this process.
    pub breaker: BreakerState,
    /// The invalidations of this process that wait for the store.
    pub journal: JournalStats,
    /// What this process' calls through this cache came to, since it was built.
    pub process: ProcessStats,
    /// What the server says of itself: figures of all its clients. `None` when it does not answer.
    pub server: Option<ServerInfo>,
}

/// The part of [`Stats`] that this process counted.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ProcessStats {
    /// All functions, as far as they were called through this cache.
    #[serde(flatten)]
    pub total: Counts,
    /// The share of hits in percent; `null` before the first call.
    pub hit_rate: Option<f64>,
    /// Bodies in the background that have not ended yet.
    pub refreshing: usize,
    /// What is kept in this process (`l1`); `null` without the feature, and where there is no Redis
    /// to keep it right.
    pub l1: Option<L1Stats>,
    /// Each function of the program, through whatever cache it was called.
    pub functions: Vec<FunctionStats>,
}

/// What a cache keeps in this process for functions with `l1`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct L1Stats {
    /// Whether there is a connection now on which Redis says what changes. Without one nothing is
    /// served from here. On a cluster: to any node.
    pub tracked: bool,
    /// Values that are kept.
    pub entries: u64,
    /// What they are counted as, an estimate.
    pub bytes: u64,
    /// How many bytes there may be.
    pub capacity: u64,
    /// Keys of which Redis said that they have changed, and flushes.
    pub pushes: u64,
    /// How often all that was read from a server was dropped: a flush, the connection was lost, or a
    /// node of a cluster has lost slots.
    pub drops: u64,
    /// Values that were dropped to make room for others, or too large to be kept.
    pub evictions: u64,
}

/// One cached function of the program.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct FunctionStats {
    /// `crate.module.function`, as [`Cache::invalidate_function`](crate::Cache::invalidate_function) takes it.
    pub path: String,
    /// The key template as written; `None` for the default key.
    pub key: Option<&'static str>,
    /// The other options as written.
    pub options: Vec<(&'static str, &'static str)>,
    /// Why its calls are not cached, if they cannot be.
    pub refused: Option<&'static str>,
    /// What its calls came to in this process.
    #[serde(flatten)]
    pub counts: Counts,
    /// The share of hits in percent; `null` before the first call.
    pub hit_rate: Option<f64>,
}

/// What the server says of itself, for operators. Empty fields: it did not say. Of a cluster: its
/// primaries together, and the oldest version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ServerInfo {
    /// The server's version, such as `7.0.15`.
    pub version: Option<String>,
    /// Memory used, in bytes.
    pub used_memory: Option<u64>,
    /// The limit of its memory, in bytes; zero means none.
    pub max_memory: Option<u64>,
    /// Connected clients, of all programs.
    pub connected_clients: Option<u64>,
    /// Look-ups that found a key since the server started, of all programs.
    pub keyspace_hits: Option<u64>,
    /// Look-ups that found none since the server started, of all programs.
    pub keyspace_misses: Option<u64>,
}

/// The invalidations of writers that could not be sent when they were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JournalStats {
    /// Keys and patterns that wait for the store; until then this process does not read them from it.
    pub waiting: u64,
    /// There were too many, so this process reads nothing from the store until all is cleared.
    pub everything: bool,
    /// Invalidations that had to wait, since the cache was built.
    pub queued: u64,
    /// Those of them that the store has acknowledged since, one by one.
    pub replayed: u64,
}
