//! What becomes of leases.

use super::Scene;
use super::servers::at;
use super::watch::{Seen, Watch, one};
use cache_runtime::{Cache, redis_cache};
use cache_test_servers::RedisServer;
use std::time::Instant;

pub(super) const SCENES: &[Scene] = &[
    ("the process that computes is killed", || leased(&["PX", "2000"])),
    ("a foreign key without an end in the place of a lease", || leased(&[])),
];

#[redis_cache(ttl = 60, key = "held:{n}", cache = cache)]
async fn held(cache: &Cache, n: u64) -> u64 {
    n
}

/// What a call takes where there is a lease that nobody gives back.
fn leased(life: &[&str]) -> Seen {
    let server = RedisServer::start();
    let watch = Watch::of(at(&server.url()));
    let lease = ["SET", "faults:~lease:{faults:held:7}", "somebody else's"];
    server.command::<()>(&[&lease, life].concat());
    let begun = Instant::now();
    watch.runtime.block_on(held(&watch.cache, 7));
    one(begun.elapsed())
}
