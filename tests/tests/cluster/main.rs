//! A Redis Cluster: the attribute does there what it does on one server, whatever happens to
//! single nodes, and while slots move.
//!
//! `scene` tests the harness; `load` is who calls and writes all the while.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, missing_docs, unreachable_pub)]

mod batches;
mod braces;
mod clearing;
mod config;
mod failover;
mod in_process;
mod in_process_tags;
mod load;
mod network;
mod outage;
mod own_tags;
mod redirects;
mod resharding;
mod rights;
mod scene;
mod tags;
mod values;

use cache_runtime::{BreakerState, Cache, Observed, redis_cache, redis_invalidate};
use cache_tests::{
    Cluster, DEADLINE, Logs, World, builder_at, called, eventually, outcome, replayed,
};
use std::time::Duration;

/// The default of `Builder::timeout`.
const TIMEOUT: Duration = Duration::from_millis(250);

/// A number, and the version of the data that it was read from.
type Number = (u64, u64);

#[redis_cache(ttl = 600, key = "n:{n}")]
async fn number(world: &World, n: u64) -> Number {
    (n, world.read().await)
}

/// All of them in one slot.
#[redis_cache(ttl = 600, key = "{{one}}:{n}")]
async fn in_one(world: &World, n: u64) -> Number {
    (n, world.read().await)
}

#[redis_invalidate(number(n))]
async fn raise(world: &World, n: u64) -> Number {
    (n, world.commit().await)
}

#[redis_invalidate(in_one(n))]
async fn raise_in_one(world: &World, n: u64) -> Number {
    (n, world.commit().await)
}

fn key(n: u64) -> String {
    format!("t:n:{n}")
}

fn key_in_one(n: u64) -> String {
    format!("t:{{one}}:{n}")
}

/// A cache with the patience that users have.
fn hasty(cluster: &Cluster) -> Cache {
    builder_at(&cluster.url()).timeout(TIMEOUT).build().unwrap()
}

/// A cluster of six, each of whose primaries answers also where another one's slots have nobody.
fn six_that_go_on() -> Cluster {
    Cluster::builder().replicas().going_on().start()
}

/// The version of a number's value, and what the call came to.
async fn call(cache: &Cache, world: &World, n: u64) -> (u64, Observed) {
    let ((number, version), observed, _) = called(cache, number(world, n)).await;
    assert_eq!(number, n, "somebody else's value");
    (version, observed)
}

async fn hits(cache: &Cache, world: &World, n: u64) -> bool {
    call(cache, world, n).await.1.hits == 1
}

/// Has these stored, so that they are hits; however long the cache takes to find everybody.
async fn warm(cache: &Cache, world: &World, numbers: &[u64]) {
    for n in numbers {
        eventually(DEADLINE, || hits(cache, world, *n)).await;
    }
}

async fn all_hit(cache: &Cache, world: &World, numbers: &[u64]) {
    for n in numbers {
        let (_, observed) = call(cache, world, *n).await;
        assert_eq!(outcome(observed), "hit", "{n}");
    }
}

/// Nothing that was seen of the cluster was taken for an outage.
async fn no_breaker_is_open(cache: &Cache) {
    assert_eq!(cache.stats().await.breaker, BreakerState::Closed);
}

/// Whether the cluster has anything under a key; on whichever node.
fn is_anywhere(cluster: &Cluster, key: &str) -> bool {
    cluster.keys().iter().any(|other| other == key)
}

/// How often a node has answered an error with this code.
fn errors(cluster: &Cluster, node: usize, code: &str) -> u64 {
    let stats: String = cluster.node(node).command(&["INFO", "errorstats"]);
    let name = format!("errorstat_{code}:count=");
    let line = stats.lines().find_map(|line| line.strip_prefix(&name));
    line.map_or(0, |count| count.parse().unwrap())
}

/// The same of all nodes.
fn all_errors(cluster: &Cluster, code: &str) -> u64 {
    (0..cluster.nodes().len()).map(|node| errors(cluster, node, code)).sum()
}

/// What is logged of each node.
fn logs(cluster: &Cluster) -> Vec<Logs> {
    cluster.nodes().iter().map(|node| Logs::capture(node.address())).collect()
}

/// What was said at WARN of any of them.
fn warned(logs: &[Logs]) -> Vec<String> {
    let lines = logs.iter().flat_map(Logs::lines);
    lines.filter(|line| line.starts_with("WARN")).collect()
}
