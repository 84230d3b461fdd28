//! `l1`: values in this process, which are what Redis has, whoever changes it.
//!
//! `at_once` has calls that all find nothing, `changes` those who change keys, `coherent` all of them at once; `broken` what becomes of the connection by which Redis says
//! so; `options` what else functions may say; `numbers` keys that are not rendered; `types` what they may return.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, missing_docs)]

mod at_once;
mod broken;
mod changes;
mod coherent;
mod lists;
mod numbers;
mod options;
mod own_tags;
mod tags;
mod types;
mod untracked;

use cache_runtime::{Cache, redis_cache};
use cache_tests::{DEADLINE, World, called, eventually};
use std::sync::Arc;
use std::time::Duration;

const KEY: &str = "t:item:7";

#[redis_cache(ttl = 300, key = "item:{id}", l1)]
async fn item(world: &World, id: u64) -> Arc<u64> {
    Arc::new(world.read().await)
}

/// One call, and whether it was answered from memory.
async fn looked<F: Future>(cache: &Cache, call: F) -> (F::Output, bool) {
    let (value, observed, _) = called(cache, call).await;
    (value, observed.memory_hits == 1)
}

/// Calls until one is answered from memory, with what it was.
async fn kept<F: Future>(cache: &Cache, call: impl Fn() -> F) -> F::Output {
    let found = std::cell::RefCell::new(None);
    eventually(DEADLINE, async || {
        let (value, memory) = looked(cache, call()).await;
        *found.borrow_mut() = Some(value);
        memory
    })
    .await;
    found.into_inner().unwrap()
}

/// Has `item(7)` kept, at version 1 of the world.
async fn kept_item(cache: &Cache, world: &World) {
    assert_eq!(*kept(cache, || item(world, 7)).await, 1);
}

/// Waits until `item(7)` is not what it was any more.
async fn renewed(cache: &Cache, world: &World, version: u64) {
    eventually(DEADLINE, async || *cache.scope(item(world, 7)).await == version).await;
}
