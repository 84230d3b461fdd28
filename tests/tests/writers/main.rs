//! Writers: what they change is invalidated, however they end and whether or not Redis is there.
//!
//! Two `Cache`s share nothing but their Redis: each stands for a process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod blocks;
mod deferred;
mod dropped;
mod ends;
mod lists;
mod outage;
mod put;
mod put_away;
mod put_kinds;
mod put_meanwhile;
mod receivers;
mod refused;
mod results;
mod told;
mod traits;

use cache_runtime::{Cache, redis_cache, redis_invalidate, redis_put};
use cache_tests::{
    DEADLINE, RedisServer, World, builder_at, eventually, is_leased, is_stored, replayed, stored,
};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

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

fn spawn_read(cache: &Cache, world: &World, id: u64) -> JoinHandle<u64> {
    let world = world.clone();
    spawn(cache, async move { item(&world, id).await })
}

fn spawn_write(cache: &Cache, world: &World, id: u64, end: End) -> JoinHandle<Written> {
    let world = world.clone();
    spawn(cache, async move { write(&world, id, end).await })
}

fn spawn_save(cache: &Cache, world: &World, id: u64, end: End) -> JoinHandle<Written> {
    let world = world.clone();
    spawn(cache, async move { save(&world, id, end).await })
}

/// What Redis has for the item.
fn value(server: &RedisServer, id: u64) -> Option<String> {
    stored(server, &key(id))
}

/// Whether Redis has a value for the item.
fn has_value(server: &RedisServer, id: u64) -> bool {
    is_stored(server, &key(id))
}

/// Whether somebody has the lease of the item.
fn has_lease(server: &RedisServer, id: u64) -> bool {
    is_leased(server, &key(id))
}

fn key(id: u64) -> String {
    format!("t:item:{id}")
}

/// Gives up on a Redis that hangs, for tests of what happens then.
fn hasty(url: &str) -> Cache {
    builder_at(url).timeout(HASTY).build().unwrap()
}

/// Long for a Redis that answers, on a busy machine too.
const HASTY: Duration = Duration::from_secs(1);

/// How many invalidations have not reached Redis yet.
async fn waiting(cache: &Cache) -> u64 {
    cache.stats().await.journal.waiting
}
