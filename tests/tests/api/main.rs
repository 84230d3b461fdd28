//! What people ask of the cache itself, judged by what is in a real Redis.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod around;
#[path = "../common/mod.rs"]
mod common;
mod entries;
mod environment;
mod figures;
mod invalidating;
mod lives;
mod servers;

use cache_tests::RedisServer;
use std::time::Duration;

/// Whether a key's life is what was asked for: at most that, and not much less.
fn lives(server: &RedisServer, key: &str, asked: Duration) -> bool {
    let left: i64 = server.command(&["PTTL", key]);
    let asked = i64::try_from(asked.as_millis()).unwrap();
    assert!(left > 0, "{key} has no life: {left}");
    // A test that takes ten seconds between the two has other worries.
    (asked - 10_000..=asked).contains(&left)
}

/// All keys of the server, sorted.
fn keys(server: &RedisServer) -> Vec<String> {
    let mut keys: Vec<String> = server.command(&["KEYS", "*"]);
    keys.sort();
    keys
}
