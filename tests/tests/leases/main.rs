//! G3 and G4 across processes: what is computed for a state of the world that is over is stored
//! nowhere, and one key is computed once.
//!
//! Two `Cache`s share nothing but their Redis: each stands for a process. What only a process can
//! do, being killed, is in `killed`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[path = "../common/mod.rs"]
mod common;
mod killed;
mod overtaken;
mod together;

use cache_runtime::{Cache, Clock, redis_cache};
use cache_tests::{RedisServer, eventually};
use common::Runs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Everything here is over long before.
const DEADLINE: Duration = Duration::from_secs(20);

/// The data that is cached, and a gate that bodies wait at.
#[derive(Debug)]
struct World {
    version: AtomicU64,
    gate: Semaphore,
    runs: Runs,
}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            version: AtomicU64::new(1),
            gate: Semaphore::new(0),
            runs: Runs::default(),
        })
    }

    fn open(&self) {
        self.gate.add_permits(1_000);
    }

    /// Reads the data first and returns later, like a slow query.
    async fn read(&self) -> u64 {
        self.runs.one_more();
        let version = self.version.load(Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        version
    }

    async fn running(&self, bodies: u64) {
        eventually(DEADLINE, || async { self.runs.count() == bodies }).await;
    }
}

#[redis_cache(ttl = 60, key = "item:{id}")]
async fn item(world: &World, id: u64) -> u64 {
    world.read().await
}

fn process(server: &RedisServer) -> Cache {
    Cache::builder().url(server.url()).prefix("shop").build().unwrap()
}

fn call(cache: &Cache, world: &Arc<World>, id: u64) -> tokio::task::JoinHandle<u64> {
    let (cache, world) = (cache.clone(), world.clone());
    tokio::spawn(async move { cache.scope(item(&world, id)).await })
}
