//! Who calls all the while, and what came of it; and data that is written all the while, of which
//! nobody may see what was there before a write that has returned.

use super::*;
use cache_tests::Runs;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;
use tokio::task::JoinHandle;

/// Callers who go on until they are told to stop.
pub struct Load {
    stop: Arc<AtomicBool>,
    calls: Arc<Runs>,
    callers: Vec<JoinHandle<Tally>>,
}

/// What their calls came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// How often bodies ran for a number.
    pub misses: BTreeMap<u64, u64>,
    pub slowest: Duration,
    /// The longest time without a hit of any one caller.
    pub without: Duration,
}

impl Load {
    /// Each caller calls for all of the numbers, one after the other.
    pub fn start(cache: &Cache, world: &World, numbers: &[u64], callers: usize) -> Self {
        let (stop, calls) = (Arc::<AtomicBool>::default(), Arc::<Runs>::default());
        let caller = |_| {
            let (cache, world, numbers) = (cache.clone(), world.clone(), numbers.to_vec());
            let (stop, calls) = (stop.clone(), calls.clone());
            tokio::spawn(async move {
                let (mut tally, mut last) = (Tally::default(), Instant::now());
                for n in numbers.iter().cycle() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let begun = Instant::now();
                    let (_, observed) = call(&cache, &world, *n).await;
                    tally.slowest = tally.slowest.max(begun.elapsed());
                    if observed.misses == 1 {
                        *tally.misses.entry(*n).or_default() += 1;
                    } else {
                        tally.without = tally.without.max(last.elapsed());
                        last = Instant::now();
                    }
                    calls.one_more();
                    tokio::task::yield_now().await;
                }
                tally
            })
        };
        let callers = (0..callers).map(caller).collect();
        Self { stop, calls, callers }
    }

    /// So many calls more.
    pub async fn goes_on(&self, calls: u64) {
        let target = self.calls.count() + calls;
        eventually(DEADLINE, || async { self.calls.count() >= target }).await;
    }

    pub async fn end(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut sum = Tally::default();
        for caller in self.callers {
            let tally = caller.await.unwrap();
            for (n, count) in tally.misses {
                *sum.misses.entry(n).or_default() += count;
            }
            sum.slowest = sum.slowest.max(tally.slowest);
            sum.without = sum.without.max(tally.without);
        }
        sum
    }
}

/// Rows that have a version each, and which version a reader must see at least.
#[derive(Debug, Clone)]
pub struct Ledger(Arc<Vec<Row>>);

#[derive(Debug, Default)]
struct Row {
    version: AtomicU64,
    promised: AtomicU64,
}

#[redis_cache(ttl = 600, key = "row:{n}")]
async fn row(ledger: &Ledger, n: u64) -> u64 {
    let version = ledger.row(n).version.load(Ordering::SeqCst);
    // Slow enough to be overtaken.
    for _ in 0..n % 7 {
        tokio::task::yield_now().await;
    }
    version
}

#[redis_invalidate(row(n))]
async fn change(ledger: &Ledger, n: u64) -> u64 {
    ledger.row(n).version.fetch_add(1, Ordering::SeqCst) + 1
}

impl Ledger {
    pub fn new(rows: u64) -> Self {
        Self(Arc::new((0..rows).map(|_| Row::default()).collect()))
    }

    pub fn key(n: u64) -> String {
        format!("t:row:{n}")
    }

    fn row(&self, n: u64) -> &Row {
        &self.0[usize::try_from(n).unwrap()]
    }

    /// Reads and writes with `cache` until it is told to stop; answers how many hits there were.
    /// What a writer has returned from, nobody sees the old value of any more.
    pub fn use_by(&self, cache: &Cache, stop: &Arc<AtomicBool>, seed: u64) -> JoinHandle<u64> {
        let (ledger, cache, stop) = (self.clone(), cache.clone(), stop.clone());
        let mut random = fastrand::Rng::with_seed(seed);
        tokio::spawn(async move {
            let mut hits = 0;
            while !stop.load(Ordering::Relaxed) {
                let n = random.u64(..ledger.0.len() as u64);
                if random.u8(..10) == 0 {
                    let version = cache.scope(change(&ledger, n)).await;
                    ledger.row(n).promised.fetch_max(version, Ordering::SeqCst);
                } else {
                    let least = ledger.row(n).promised.load(Ordering::SeqCst);
                    let (version, observed, _) = called(&cache, row(&ledger, n)).await;
                    assert!(version >= least, "row {n}: {version}, which was {least} before");
                    hits += observed.hits;
                }
                tokio::task::yield_now().await;
            }
            hits
        })
    }
}
