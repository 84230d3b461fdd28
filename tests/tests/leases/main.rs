//! G3 and G4 across processes: what is computed for a state of the world that is over is stored
//! nowhere, and one key is computed once.
//!
//! Two `Cache`s share nothing but their Redis: each stands for a process. What only a process can
//! do, being killed, is in `killed`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod blocked;
mod ended;
mod killed;
mod left;
mod overtaken;
mod together;

use cache_runtime::{Cache, redis_cache};
use cache_tests::World;
use tokio::task::JoinHandle;

const KEY: &str = "t:item:7";

#[redis_cache(ttl = 60, key = "item:{id}")]
async fn item(world: &World, id: u64) -> u64 {
    world.read().await
}

/// Calls in a task of its own.
fn call(cache: &Cache, world: &World, id: u64) -> JoinHandle<u64> {
    let (cache, world) = (cache.clone(), world.clone());
    tokio::spawn(async move { cache.scope(item(&world, id)).await })
}

/// Data whose readers are held.
fn held() -> World {
    let world = World::default();
    world.reading.close();
    world
}
