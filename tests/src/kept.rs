//! What a Redis holds, seen by asking it.

use crate::{DEADLINE, RedisServer, eventually};
use std::time::{Duration, Instant};

/// Milliseconds for which a lease lasts that is not to run out: longer than any test waits, and no
/// longer than a lease may last.
const LASTS: &str = "55000";

/// All keys but those of leases and of what has ended without a value, sorted.
pub fn keys(server: &RedisServer) -> Vec<String> {
    let mut keys: Vec<String> = server.command(&["KEYS", "*"]);
    keys.retain(|key| !key.contains(":~lease:") && !key.contains(":~ended:"));
    keys.sort();
    keys
}

/// What it holds under a key.
pub fn stored(server: &RedisServer, key: &str) -> Option<String> {
    server.command(&["GET", key])
}

/// Whether it holds anything under a key.
pub fn is_stored(server: &RedisServer, key: &str) -> bool {
    server.command(&["EXISTS", key])
}

/// The lease of a key.
pub fn lease(key: &str) -> String {
    let prefix = key.split(':').next().unwrap();
    format!("{prefix}:~lease:{{{key}}}")
}

/// Whether somebody has the lease of a key.
pub fn is_leased(server: &RedisServer, key: &str) -> bool {
    is_stored(server, &lease(key))
}

/// From now on the lease of a key, if somebody has it, does not run out by itself: that it is
/// gone later says that it was given back, however long that took.
pub fn make_lease_last(server: &RedisServer, key: &str) {
    server.command::<()>(&["PEXPIRE", &lease(key), LASTS]);
}

/// Waits until the lease of a key has been given back.
pub async fn given_back(server: &RedisServer, key: &str) {
    make_lease_last(server, key);
    eventually(DEADLINE, || async { !is_leased(server, key) }).await;
}

/// Waits until all leases have been given back. A call that stores nothing gives its lease back
/// behind its caller, who does not wait for it.
pub async fn all_given_back(server: &RedisServer) {
    let leases = || server.command::<Vec<String>>(&["KEYS", "*:~lease:*"]);
    for lease in leases() {
        server.command::<()>(&["PEXPIRE", &lease, LASTS]);
    }
    eventually(DEADLINE, || async { leases().is_empty() }).await;
}

/// Whether the life of what was stored after `since` is what was `asked` for.
pub fn lives_for(server: &RedisServer, key: &str, asked: Duration, since: Instant) -> bool {
    let left: i64 = server.command(&["PTTL", key]);
    let left = Duration::from_millis(left.try_into().unwrap_or_else(|_| panic!("{key}: {left}")));
    // Redis counts in whole milliseconds.
    let least = asked.saturating_sub(since.elapsed() + Duration::from_millis(2));
    (least..=asked).contains(&left)
}
