//! Caches, each of which stands for a process: two share nothing but their Redis.

use crate::{DEADLINE, RedisServer, World, eventually};
use cache_runtime::{Builder, Cache, Clock};

/// The prefix of all keys, but for tests of prefixes.
const PREFIX: &str = "t";

/// The settings of [`cache_at`], to be added to.
pub fn builder_at(url: &str) -> Builder {
    // So patient that a busy machine is no outage, and that nothing comes right by waiting for
    // long enough. Tests of how long calls wait say for how long theirs do.
    Cache::builder().url(url).prefix(PREFIX).timeout(DEADLINE).wait(2 * DEADLINE)
}

/// A cache of one's own at `url`.
pub fn cache_at(url: &str) -> Cache {
    builder_at(url).build().unwrap()
}

/// A cache of one's own in memory.
pub fn in_memory() -> Cache {
    cache_at("memory://")
}

/// One in memory whose clock is moved by hand.
pub fn moved() -> (Clock, Cache) {
    let clock = Clock::manual();
    let cache = builder_at("memory://").clock(clock.clone()).build().unwrap();
    (clock, cache)
}

/// Waits until all invalidations have reached Redis, and it is within reach of this runtime, too: the
/// cache sends them by a connection of its own.
pub async fn replayed(cache: &Cache) {
    eventually(DEADLINE, || async {
        let journal = cache.stats().await.journal;
        journal.waiting == 0 && !journal.everything && cache.ping().await.is_ok()
    })
    .await;
}

/// One server, two processes, and the data.
#[derive(Debug)]
pub struct Scene {
    pub server: RedisServer,
    pub one: Cache,
    pub other: Cache,
    pub world: World,
}

impl Scene {
    pub fn start() -> Self {
        Self::with(|builder| builder)
    }

    /// With more settings of both processes.
    pub fn with(settings: impl Fn(Builder) -> Builder) -> Self {
        let server = RedisServer::start();
        let [one, other] = [(); 2].map(|()| settings(builder_at(&server.url())).build().unwrap());
        Self { server, one, other, world: World::default() }
    }
}
