//! Processes read, write and compute the same keys at random, others change them too, and the network
//! and the server do their worst. Then, after one second of quiet, what each process keeps is what
//! Redis has.

use super::*;
use cache_runtime::refresh;
use cache_tests::{Fault, FaultProxy, RedisServer, Sentinels, builder_at};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;
use tokio::task::JoinSet;

const KEYS: u64 = 200;
const PROCESSES: usize = 4;
/// How long it goes on.
const TROUBLE: Duration = Duration::from_secs(4);
/// What may pass until a change is seen.
const QUIET: Duration = Duration::from_secs(1);

/// What bodies return: no number twice, and none in the end.
#[derive(Debug, Default)]
struct Source {
    last: AtomicU64,
    ended: AtomicBool,
}

impl Source {
    fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::SeqCst) + 1
    }
}

#[redis_cache(ttl = 300, key = "number:{id}", l1, cache_if = |number| *number > 0)]
async fn number(source: &Source, id: u64) -> u64 {
    tokio::task::yield_now().await;
    if source.ended.load(Ordering::SeqCst) { 0 } else { source.next() }
}

/// Calls, invalidates, puts and refreshes until the source has ended.
async fn work(cache: Cache, source: Arc<Source>) {
    while !source.ended.load(Ordering::SeqCst) {
        let id = fastrand::u64(..KEYS);
        match fastrand::u8(..100) {
            0..80 => drop(cache.scope(number(&source, id)).await),
            80..88 => drop(cache.invalidate(&format!("number:{id}")).await),
            88..95 => {
                let entry = cache.scope(async { number_entry(id) }).await;
                drop(entry.put(&source.next()).await);
            }
            _ => drop(cache.scope(refresh(number(&source, id))).await),
        }
    }
}

/// Somebody who knows nothing of the cache, and now and then ends everybody's connections.
fn change(server: &RedisServer, source: &Source) {
    match fastrand::u8(..100) {
        0..3 => drop(server.try_command::<()>(&["CLIENT", "KILL", "TYPE", "normal"])),
        _ => write(server, source),
    }
}

/// The same without that: it would end those of sentinels, too, which could then switch over to nobody.
fn write(server: &RedisServer, source: &Source) {
    let key = format!("t:number:{}", fastrand::u64(..KEYS));
    let _ = match fastrand::u8(..97) {
        0..50 => {
            let value = source.next().to_string();
            server.try_command::<()>(&["SET", &key, &value, "EX", "300"])
        }
        50..80 => server.try_command(&["DEL", &key]),
        80..95 => server.try_command(&["PEXPIRE", &key, "1"]),
        _ => server.try_command(&["FLUSHALL"]),
    };
}

/// What the network does for a while.
fn fault() -> Fault {
    match fastrand::u8(..5) {
        0 => Fault::Stall,
        1 => Fault::Drop,
        2 => Fault::CutAfter(fastrand::usize(1..2_000)),
        3 => Fault::BlackHole,
        _ => Fault::Delay(Duration::from_millis(fastrand::u64(1..30))),
    }
}

/// Says from which number all that happens at random follows.
fn seeded() -> u64 {
    let seed = std::env::var("L1_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("L1_SEED={seed}");
    fastrand::seed(seed);
    seed
}

/// A process at each of these places, that waits for so long.
fn processes(urls: impl Iterator<Item = String>, patience: Duration) -> Vec<Cache> {
    urls.map(|url| builder_at(&url).timeout(patience).build().unwrap()).collect()
}

fn at_work(caches: &[Cache], source: &Arc<Source>) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    for cache in caches {
        for _ in 0..2 {
            workers.spawn(work(cache.clone(), source.clone()));
        }
    }
    workers
}

/// Ends the work when there is something that is kept, waits for a second, and compares. Answers how
/// many values.
async fn all_have_what_redis_has(
    caches: &[Cache],
    source: &Source,
    workers: JoinSet<()>,
    server: &RedisServer,
    seed: u64,
) -> usize {
    for cache in caches {
        eventually(DEADLINE, async || cache.stats().await.process.l1.unwrap().entries > 20).await;
    }
    source.ended.store(true, Ordering::SeqCst);
    workers.join_all().await;
    tokio::time::sleep(QUIET).await; // it is what the promise is about

    let keys: Vec<_> = (0..KEYS).map(|id| format!("t:number:{id}")).collect();
    let ask = ["MGET"].into_iter().chain(keys.iter().map(String::as_str)).collect::<Vec<_>>();
    let in_redis: Vec<Option<u64>> = server.command(&ask);
    let mut compared = 0;
    for (process, cache) in caches.iter().enumerate() {
        for (id, in_redis) in (0..).zip(&in_redis) {
            let (value, memory) = looked(cache, number(source, id)).await;
            if memory {
                assert_eq!(Some(value), *in_redis, "key {id} in process {process}, seed {seed}");
                compared += 1;
            }
        }
    }
    println!("{compared} values compared, of {} computed", source.last.load(Ordering::SeqCst));
    compared
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_second_of_quiet_every_process_has_what_redis_has() {
    let seed = seeded();
    let server = RedisServer::start();
    server.config_set("tracking-table-max-keys", "150");
    let proxies: Vec<_> = (0..PROCESSES).map(|_| FaultProxy::start(server.port())).collect();
    let caches = processes(proxies.iter().map(FaultProxy::url), Duration::from_millis(100));
    let source = Arc::new(Source::default());
    let workers = at_work(&caches, &source);
    let until = Instant::now() + TROUBLE;
    while Instant::now() < until {
        let proxy = &proxies[fastrand::usize(..PROCESSES)];
        proxy.set(fault());
        for _ in 0..20 {
            change(&server, &source);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        proxy.set(Fault::None);
    }
    let compared = all_have_what_redis_has(&caches, &source, workers, &server, seed).await;
    assert!(compared > 0, "nothing was kept");
}

/// The old one dies; or nothing is wrong with it, and it goes on to answer and to track as if it were
/// still the primary.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn and_what_the_new_primary_has_after_a_failover() {
    let seed = seeded();
    for dies in [false, true] {
        // Which so cannot be told to be a replica.
        let mut old = RedisServer::with_args(&["--rename-command", "SLAVEOF", ""]);
        let new = RedisServer::start();
        new.replica_of(Some(&old));
        let sentinels = Sentinels::start(&old, 1);
        let caches = processes((0..PROCESSES).map(|_| sentinels.url()), DEADLINE);
        let source = Arc::new(Source::default());
        let workers = at_work(&caches, &source);
        for cache in &caches {
            eventually(DEADLINE, async || cache.stats().await.process.l1.unwrap().entries > 20)
                .await;
        }
        match dies {
            true => old.kill(),
            false => tokio::task::block_in_place(|| sentinels.failover()),
        }
        let tracks = |server: &RedisServer| {
            let clients: String = server.command(&["CLIENT", "LIST"]);
            clients.lines().any(|client| client.contains(" flags=t "))
        };
        eventually(Sentinels::SWITCHES_WITHIN, async || {
            for server in [&old, &new].into_iter().filter(|server| server.is_up()) {
                write(server, &source);
            }
            sentinels.primary() == Some(new.port()) && !(old.is_up() && tracks(&old))
        })
        .await;
        // So that something is kept that the old one never had.
        let before = source.last.load(Ordering::SeqCst);
        for cache in &caches {
            eventually(DEADLINE, async || {
                let number = number(&source, fastrand::u64(..KEYS));
                let (number, memory) = looked(cache, number).await;
                memory && number > before
            })
            .await;
        }
        let compared = all_have_what_redis_has(&caches, &source, workers, &new, seed).await;
        assert!(compared > 0, "nothing was kept");
    }
}
