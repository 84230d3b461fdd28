//! The figures of the page: no secret, and cheap enough to be asked for every second.

use crate::AppState;
use axum::Json;
use axum::extract::State;
use cache_runtime::{BreakerState, Cache, FunctionStats, Status as Store};
use serde::Serialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// To count the keys is to walk through all of them.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// Longer is not waited for a count: the page wants the other figures.
const COUNT_FOR: Duration = Duration::from_secs(2);

/// How the service is.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    /// Of the cache's store.
    status: Store,
    simulate_latency: bool,
    /// Whether the store answers.
    redis: bool,
    /// Of this process, as are those that follow.
    hits: u64,
    misses: u64,
    stale: u64,
    coalesced: u64,
    /// Whether any function of the program may serve stale values.
    may_be_stale: bool,
    /// In percent, `null` before the first call.
    hit_rate: Option<f64>,
    /// `null` also where the store is this process' memory.
    redis_version: Option<String>,
    /// Bytes that the store uses, for all its clients.
    redis_memory: Option<u64>,
    /// Cached values, counted in the last five seconds; `null` where they are too many for that.
    keys: Option<u64>,
    breaker: BreakerState,
    /// Whether there is an admin token.
    admin: bool,
}

pub(super) async fn status(State(state): State<AppState>) -> Json<Status> {
    let stats = state.cache.stats().await;
    let total = stats.process.total;
    let (version, memory) =
        stats.server.map_or((None, None), |server| (server.version, server.used_memory));
    Json(Status {
        status: stats.status,
        simulate_latency: state.db.is_slow(),
        redis: stats.status == Store::Connected,
        hits: total.hits,
        misses: total.misses,
        stale: total.stale,
        coalesced: total.coalesced,
        may_be_stale: stats.process.functions.iter().any(serves_stale),
        hit_rate: stats.process.hit_rate,
        redis_version: version,
        redis_memory: memory,
        keys: state.key_count.of(&state.cache).await,
        breaker: stats.breaker,
        admin: state.admin_token.is_some(),
    })
}

fn serves_stale(function: &FunctionStats) -> bool {
    function.options.iter().any(|(option, _)| option.starts_with("stale_"))
}

/// The number of keys, counted again after a while. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyCount(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    next: Option<Instant>,
    keys: Option<u64>,
}

impl KeyCount {
    async fn of(&self, cache: &Cache) -> Option<u64> {
        {
            let mut counted = self.lock();
            let now = Instant::now();
            if counted.next.is_some_and(|next| now < next) {
                return counted.keys;
            }
            counted.next = Some(now + COUNT_EVERY); // others take the last count meanwhile
        }
        let count = timeout(COUNT_FOR, cache.count_keys()).await;
        let keys = count.ok().and_then(Result::ok);
        self.lock().keys = keys;
        keys
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
