//! Writers: what they change is invalidated, however they end and whether or not Redis is there.
//!
//! Two `Cache`s share nothing but their Redis: each stands for a process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[path = "../common/mod.rs"]
mod common;
mod deferred;
mod dropped;
mod ends;
mod outage;
mod put;
mod put_away;
mod put_kinds;
mod put_meanwhile;

use cache_runtime::{Cache, redis_cache, redis_invalidate, redis_put};
use cache_tests::{RedisServer, eventually};
use common::limited;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Everything here is over long before.
const DEADLINE: Duration = Duration::from_secs(20);

/// The data that is cached, and gates that bodies wait at.
#[derive(Debug)]
struct World {
    version: AtomicU64,
    reading: Semaphore,
    writing: Semaphore,
    readers: AtomicU64,
    writers: AtomicU64,
}

impl World {
    /// With both gates open.
    fn new() -> Arc<Self> {
        Arc::new(Self {
            version: AtomicU64::new(1),
            reading: Semaphore::new(1_000),
            writing: Semaphore::new(1_000),
            readers: AtomicU64::new(0),
            writers: AtomicU64::new(0),
        })
    }

    fn close(gate: &Semaphore) {
        gate.forget_permits(1_000);
    }

    fn open(gate: &Semaphore) {
        gate.add_permits(1_000);
    }

    /// Reads the data first and returns later, like a slow query.
    async fn read(&self) -> u64 {
        let version = self.version.load(Ordering::SeqCst);
        self.readers.fetch_add(1, Ordering::SeqCst);
        self.reading.acquire().await.unwrap().forget();
        version
    }

    /// Commits first and returns later, like a slow connection.
    async fn commit(&self) -> u64 {
        let version = self.version.fetch_add(1, Ordering::SeqCst) + 1;
        self.writers.fetch_add(1, Ordering::SeqCst);
        self.writing.acquire().await.unwrap().forget();
        version
    }

    async fn readers(&self, count: u64) {
        eventually(DEADLINE, || async { self.readers.load(Ordering::SeqCst) == count }).await;
    }

    async fn writers(&self, count: u64) {
        eventually(DEADLINE, || async { self.writers.load(Ordering::SeqCst) == count }).await;
    }
}

/// One server, two processes and the data.
struct Scene {
    server: RedisServer,
    one: Cache,
    other: Cache,
    world: Arc<World>,
}

impl Scene {
    fn start() -> Self {
        let server = RedisServer::start();
        let (one, other) = (process(&server.url()), process(&server.url()));
        Self { server, one, other, world: World::new() }
    }
}

type Written = Result<u64, &'static str>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Ok,
    Err,
    Panic,
}

impl End {
    fn with(self, version: u64) -> Written {
        match self {
            Self::Ok => Ok(version),
            Self::Err => Err("committed all the same"),
            Self::Panic => panic!("on purpose"),
        }
    }
}

#[redis_cache(ttl = 60, key = "item:{id}")]
async fn item(world: &World, id: u64) -> u64 {
    world.read().await
}

#[redis_invalidate(item(id))]
async fn write(world: &World, id: u64, end: End) -> Written {
    end.with(world.commit().await)
}

/// [`write`], and what it returns is what the item is now.
#[redis_put(item(id))]
async fn save(world: &World, id: u64, end: End) -> Written {
    end.with(world.commit().await)
}

fn process(url: &str) -> Cache {
    // Long enough for a busy machine: what is tested here is not how soon a call gives up.
    let patient = Cache::builder().timeout(Duration::from_secs(2));
    patient.url(url).prefix("shop").build().unwrap()
}

async fn read(cache: &Cache, world: &World, id: u64) -> u64 {
    cache.scope(item(world, id)).await
}

fn spawn<T: Send + 'static>(
    cache: &Cache,
    call: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    let cache = cache.clone();
    tokio::spawn(async move { cache.scope(call).await })
}

fn spawn_read(cache: &Cache, world: &Arc<World>, id: u64) -> JoinHandle<u64> {
    let world = world.clone();
    spawn(cache, async move { item(&world, id).await })
}

fn spawn_write(cache: &Cache, world: &Arc<World>, id: u64, end: End) -> JoinHandle<Written> {
    let world = world.clone();
    spawn(cache, async move { write(&world, id, end).await })
}

fn spawn_save(cache: &Cache, world: &Arc<World>, id: u64, end: End) -> JoinHandle<Written> {
    let world = world.clone();
    spawn(cache, async move { save(&world, id, end).await })
}

/// What Redis has for the item.
fn value(server: &RedisServer, id: u64) -> Option<String> {
    server.command(&["GET", &format!("shop:item:{id}")])
}

/// Whether somebody has the lease of the item.
fn leased(server: &RedisServer, id: u64) -> bool {
    server.command::<u64>(&["EXISTS", &format!("shop:~lease:{{shop:item:{id}}}")]) == 1
}

/// Whether Redis has a value for the item.
fn stored(server: &RedisServer, id: u64) -> bool {
    server.command::<u64>(&["EXISTS", &format!("shop:item:{id}")]) == 1
}
