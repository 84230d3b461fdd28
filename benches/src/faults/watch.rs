//! Who calls all the while, and what its calls came to.

use cache_runtime::{Builder, Cache, observe, redis_cache};
use cache_test_servers::{DEADLINE, eventually_blocking};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Between two pairs of calls.
const PAUSE: Duration = Duration::from_millis(1);

/// What a round has shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// The slowest call since the fault began, whose body takes no time.
    pub(super) slowest: Duration,
    /// From the fault's end to the first value that was stored and read again.
    pub(super) after: Option<Duration>,
    /// The longest time in which nothing was.
    pub(super) without: Option<Duration>,
}

#[redis_cache(ttl = 60, key = "probe:{n}", cache = cache)]
async fn probe(cache: &Cache, n: u64) -> u64 {
    n
}

/// Two calls for a key that nobody has.
#[derive(Debug, Clone, Copy)]
struct Pair {
    begun: Instant,
    ended: Instant,
    /// What the slower of the two took.
    slower: Duration,
    /// The second one was a hit.
    is_cached: bool,
}

/// Calls again and again.
pub(super) struct Watch {
    pub(super) cache: Cache,
    pub(super) runtime: Runtime,
    pairs: Arc<Mutex<Vec<Pair>>>,
    stop: Arc<AtomicBool>,
    fault: Option<Instant>,
}

impl Watch {
    /// Over the cache that is asked for, once its calls are cached.
    pub(super) fn of(builder: Builder) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let (runtime, cache) = (runtime.unwrap(), builder.prefix("faults").build().unwrap());
        let (pairs, stop) = (Arc::<Mutex<Vec<Pair>>>::default(), Arc::<AtomicBool>::default());
        runtime.spawn({
            let (cache, pairs, stop) = (cache.clone(), pairs.clone(), stop.clone());
            async move {
                while !stop.load(Ordering::Relaxed) {
                    let n = NEXT.fetch_add(1, Ordering::Relaxed);
                    let begun = Instant::now();
                    probe(&cache, n).await;
                    let between = Instant::now();
                    let (_, seen) = observe(probe(&cache, n)).await;
                    let ended = Instant::now();
                    let slower = (between - begun).max(ended - between);
                    let pair = Pair { begun, ended, slower, is_cached: seen.hits == 1 };
                    pairs.lock().unwrap().push(pair);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        });
        let watch = Self { cache, runtime, pairs, stop, fault: None };
        eventually_blocking(DEADLINE, || watch.is_cached_since(None));
        watch
    }

    fn is_cached_since(&self, since: Option<Instant>) -> bool {
        let pairs = self.pairs.lock().unwrap();
        pairs.iter().any(|pair| pair.is_cached && since.is_none_or(|since| pair.begun >= since))
    }

    /// The fault begins now.
    pub(super) fn begins(&mut self) {
        self.fault = Some(Instant::now());
    }

    /// The fault ends now: waits until calls are cached again.
    pub(super) fn ended(self) -> Seen {
        self.ended_at(Instant::now())
    }

    /// The same, where it has ended before.
    pub(super) fn ended_at(self, end: Instant) -> Seen {
        eventually_blocking(DEADLINE, || self.is_cached_since(Some(end)));
        self.stop.store(true, Ordering::Relaxed);
        let pairs = self.pairs.lock().unwrap();
        let fault = self.fault.unwrap();
        let during = pairs.iter().filter(|pair| pair.ended >= fault);
        let slowest = during.map(|pair| pair.slower).max().unwrap_or_default();
        let cached: Vec<_> = pairs.iter().filter(|pair| pair.is_cached).collect();
        let first = cached.iter().find(|pair| pair.begun >= end).map(|pair| pair.ended - end);
        let next = cached.iter().skip(1).map(|pair| pair.ended);
        let gaps = cached.iter().map(|pair| pair.ended).zip(next);
        let gaps = gaps.filter(|(_, until)| *until >= fault).map(|(from, until)| until - from);
        Seen { slowest, after: first, without: gaps.max() }
    }
}

/// One call that a fault may hold up, and nothing else.
pub(super) fn one(slowest: Duration) -> Seen {
    Seen { slowest, after: None, without: None }
}
