//! What becomes of the network, and of what is too much for it.

use super::servers::at;
use super::watch::{Seen, Watch, one};
use super::{LASTS, Scene};
use cache_runtime::{Cache, redis_cache};
use cache_test_servers::{Fault, FaultProxy, RedisServer};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(super) const SCENES: &[Scene] = &[
    ("cut", || network(Fault::Drop)),
    ("half-closed", || network(Fault::HalfClose)),
    ("cut in mid-reply", || network(Fault::CutAfter(9))),
    ("stalled", || network(Fault::Stall)),
    ("stalled in mid-reply", || network(Fault::StallAfter(9))),
    ("one way only: questions are lost", || network(Fault::Deaf)),
    ("one way only: answers are lost", || network(Fault::BlackHole)),
    ("garbage instead of answers", || network(Fault::Garbage)),
    ("slow by 100 ms", || network(Fault::Delay(Duration::from_millis(100)))),
    ("a value above `max_size` that somebody else wrote", huge),
    ("a list under the key", list),
];

fn network(fault: Fault) -> Seen {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let mut watch = Watch::of(at(&proxy.url()));
    watch.begins();
    proxy.set(fault);
    sleep(LASTS);
    proxy.set(Fault::None);
    watch.ended()
}

#[redis_cache(ttl = 60, key = "odd:{n}", cache = cache)]
async fn odd(cache: &Cache, n: u64) -> u64 {
    n
}

/// What others notice while its function is called.
fn huge() -> Seen {
    const MEGABYTE: usize = 1 << 20;
    let server = RedisServer::start();
    let mut watch = Watch::of(at(&server.url()).max_size(MEGABYTE));
    server.command::<()>(&["SET", "faults:odd:7", &"7".repeat(3 * MEGABYTE)]);
    watch.begins();
    for _ in 0..3 {
        watch.runtime.block_on(odd(&watch.cache, 7));
    }
    watch.ended()
}

/// What the function's own calls take longer.
fn list() -> Seen {
    let server = RedisServer::start();
    let watch = Watch::of(at(&server.url()));
    server.command::<()>(&["RPUSH", "faults:odd:7", "x"]);
    let begun = Instant::now();
    watch.runtime.block_on(odd(&watch.cache, 7));
    one(begun.elapsed())
}
