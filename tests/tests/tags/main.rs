//! Tags: what is invalidated by one of them was computed before, and is not seen again, in whatever
//! process, whatever Redis loses, and whatever is being computed meanwhile.
//!
//! Two `Cache`s share nothing but their Redis: each stands for a process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod kinds;
mod large;
mod lost;
mod meanwhile;
mod outage;
mod own;
mod own_meanwhile;
mod shared;
mod soft;

use cache_runtime::{Cache, redis_cache, redis_invalidate};
use cache_tests::{DEADLINE, RedisServer, World, eventually, is_stored};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A page of an organisation's members.
#[redis_cache(ttl = 60, key = "members:{org}:{page}", tags = ["org:{org}"])]
async fn members(world: &World, org: u64, page: u64) -> u64 {
    world.read().await
}

/// What is of an organisation and of a user.
#[redis_cache(ttl = 60, key = "role:{org}:{user}", tags = ["org:{org}", "user:{user}"])]
async fn role(world: &World, org: u64, user: &str) -> Result<u64, String> {
    world.try_read().await
}

/// Refreshed behind its callers.
#[redis_cache(
    ttl = 60,
    key = "report:{org}",
    tags = ["org:{org}"],
    stale_while_revalidate = "60s",
    stale_if_error = "120s"
)]
async fn report(world: World, org: u64) -> Result<u64, String> {
    world.try_read().await
}

#[redis_invalidate(tags = ["org:{org}"])]
async fn write(world: &World, org: u64) -> u64 {
    world.commit().await
}

async fn read(cache: &Cache, world: &World, org: u64, page: u64) -> u64 {
    cache.scope(members(world, org, page)).await
}

fn spawn_read(cache: &Cache, world: &World, org: u64, page: u64) -> JoinHandle<u64> {
    let (cache, world) = (cache.clone(), world.clone());
    tokio::spawn(async move { cache.scope(members(&world, org, page)).await })
}

/// What the page is without a computation, if it is stored and counts.
async fn kept(cache: &Cache, org: u64, page: u64) -> Option<u64> {
    cache.scope(async { members_entry(org, page).get().await.unwrap() }).await
}

/// Whether Redis has a token for the tag.
fn has_tag(server: &RedisServer, tag: &str) -> bool {
    is_stored(server, &format!("t:~tag:{tag}"))
}

/// How often the server has carried out each command.
fn commands(server: &RedisServer) -> BTreeMap<String, u64> {
    let info: String = server.command(&["INFO", "commandstats"]);
    let line = |line: &str| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        Some((name.to_owned(), rest.split(',').next()?.parse().ok()?))
    };
    info.lines().filter_map(line).collect()
}

/// So many calls of the process have looked for a value with tags, and go on from what they found.
/// The runtime must be one of one thread.
async fn looked(server: &RedisServer, cache: &Cache, count: u64) {
    eventually(DEADLINE, || async { commands(server).get("mget") >= Some(&count) }).await;
    cache.ping().await.unwrap(); // answered behind them, by the same connection
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

async fn soon<T>(task: JoinHandle<T>) -> T {
    tokio::time::timeout(DEADLINE, task).await.expect("it hangs").unwrap()
}

/// Time that a clock is moved by, so that a report is stale.
const PAST_TTL: Duration = Duration::from_secs(61);
