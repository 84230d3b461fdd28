//! What the functions under test read and where they are cached, and what their calls come to.

use crate::common::{Runs, cache_at, called};
use cache_runtime::{Cache, Clock, Observed};
use cache_tests::{RedisServer, eventually};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

/// Data whose version the test raises, behind a body that can be stopped and made to fail.
#[derive(Debug, Default, Clone)]
pub(crate) struct Source(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    runs: Runs,
    version: AtomicU64,
    fails: AtomicBool,
    panics: AtomicBool,
    stopped: AtomicBool,
    began: Notify,
    go_on: Semaphore,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            runs: Runs::default(),
            version: AtomicU64::new(1),
            fails: AtomicBool::default(),
            panics: AtomicBool::default(),
            stopped: AtomicBool::default(),
            began: Notify::new(),
            go_on: Semaphore::new(0),
        }
    }
}

impl Source {
    pub(crate) fn runs(&self) -> u64 {
        self.0.runs.count()
    }

    pub(crate) fn changes(&self) {
        self.0.version.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn version(&self) -> u64 {
        self.0.version.load(Ordering::SeqCst)
    }

    pub(crate) fn becomes(&self, version: u64) {
        self.0.version.store(version, Ordering::SeqCst);
    }

    pub(crate) fn panics(&self) {
        self.0.panics.store(true, Ordering::SeqCst);
    }

    pub(crate) fn fails(&self, fails: bool) {
        self.0.fails.store(fails, Ordering::SeqCst);
    }

    /// Bodies that begin from now on wait.
    pub(crate) fn stop(&self) {
        self.0.go_on.forget_permits(usize::MAX); // of the last time
        self.0.stopped.store(true, Ordering::SeqCst);
    }

    /// Those that wait go on.
    pub(crate) fn go_on(&self) {
        self.0.stopped.store(false, Ordering::SeqCst);
        self.0.go_on.add_permits(1000);
    }

    pub(crate) async fn body_begins(&self) {
        self.0.began.notified().await;
    }

    /// The body: reads the data first, so that what waits holds an old value.
    pub(crate) async fn read(&self) -> Result<u64, String> {
        self.0.runs.one_more();
        let version = self.0.version.load(Ordering::SeqCst);
        if self.0.stopped.load(Ordering::SeqCst) {
            self.0.began.notify_one();
            self.0.go_on.acquire().await.unwrap().forget();
        }
        assert!(!self.0.panics.load(Ordering::SeqCst), "as it was told to");
        if self.0.fails.load(Ordering::SeqCst) { Err("down".to_owned()) } else { Ok(version) }
    }
}

/// A cache in memory whose clock is moved by hand.
pub(crate) fn moved() -> (Clock, Cache, Source) {
    let clock = Clock::manual();
    let builder = Cache::builder().url("memory://").prefix("t").clock(clock.clone());
    (clock, builder.build().unwrap(), Source::default())
}

/// Two caches that share nothing but their Redis, as two processes do.
pub(crate) struct Processes {
    pub(crate) server: RedisServer,
    pub(crate) one: Cache,
    pub(crate) other: Cache,
    pub(crate) source: Source,
}

impl Processes {
    pub(crate) fn start() -> Self {
        let server = RedisServer::start();
        let (one, other) = (cache_at(&server.url()), cache_at(&server.url()));
        Self { server, one, other, source: Source::default() }
    }

    pub(crate) fn set(&self, key: &str, value: &str, seconds: &str) {
        self.server.command::<()>(&["SET", key, value, "EX", seconds]);
    }
}

/// A call's value and what it came to.
pub(crate) async fn call<F: Future<Output = Result<u64, String>>>(
    cache: &Cache,
    call: F,
) -> (Result<u64, String>, &'static str) {
    let (value, observed, _) = called(cache, call).await;
    (value, name(observed))
}

pub(crate) fn name(observed: Observed) -> &'static str {
    match (observed.hits, observed.misses, observed.stale, observed.coalesced) {
        (1, 0, 0, 0) => "hit",
        (0, 1, 0, 0) => "miss",
        (0, 0, 1, 0) => "stale",
        (0, 0, 0, 1) => "coalesced",
        _ => panic!("{observed:?}"),
    }
}

pub(crate) async fn idle(cache: &Cache) {
    // Not by shutting down, after which there are no refreshes.
    eventually(Duration::from_secs(5), || async { cache.stats().await.process.refreshing == 0 })
        .await;
}
