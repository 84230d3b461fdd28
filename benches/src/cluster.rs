//! A Redis cluster: what a hit costs there, and how long calls take while something happens to it.

use crate::measure::{Rounds, compare, median};
use crate::ours::{self, Failed};
use crate::report::{Report, Target};
use crate::setup::{Bench, CALLERS, User};
use cache_runtime::{Cache, redis_cache};
use cache_test_servers::Cluster;
use redis::cluster_async::ClusterConnection;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Where the cluster is; said before the first call.
static URL: OnceLock<String> = OnceLock::new();
static CLUSTER: LazyLock<Cache> = LazyLock::new(|| crate::setup::cache(URL.get().unwrap()));

/// The body takes no time: what a call takes, it takes because of the cluster.
#[redis_cache(ttl = 300, key = "sharded:{id}", cache = CLUSTER)]
async fn sharded(id: u64) -> Result<User, Failed> {
    Ok(User::new(id))
}

fn key(id: u64) -> String {
    format!("bench:sharded:{id}")
}

/// How many callers there are while something happens.
const LOAD: usize = 16;
/// How long nothing happens, and how long slots move.
const PHASE: Duration = Duration::from_secs(3);

pub(crate) fn rows(rounds: usize, report: &mut Report) {
    let bench = Bench::start(rounds);
    // Each primary answers for its own slots, whatever becomes of the others.
    let mut cluster = Cluster::builder().replicas().going_on().start();
    URL.set(cluster.url()).unwrap();
    bench.runtime.block_on(async {
        for id in 0..CALLERS as u64 {
            while cache_runtime::observe(sharded(id)).await.1.hits == 0 {}
        }
    });
    hits(bench, &cluster, report);
    meanwhile(bench, &mut cluster, report);
    bench.stop();
}

/// On three primaries, against the client library by hand and against one server.
fn hits(bench: &'static Bench, cluster: &Cluster, report: &mut Report) {
    let nodes: Vec<_> = cluster.nodes().iter().map(cache_test_servers::RedisServer::url).collect();
    let client = redis::cluster::ClusterClientBuilder::new(nodes)
        .response_timeout(crate::setup::TIMEOUT)
        .build()
        .unwrap();
    let by_hand: &ClusterConnection =
        Box::leak(Box::new(bench.runtime.block_on(client.get_async_connection()).unwrap()));
    let keys: &Vec<String> = Box::leak(Box::new((0..CALLERS as u64).map(key).collect()));
    for callers in [1, 16, 256] {
        let mut row = |against: &str, rounds: Rounds| {
            let name = format!("hit on three primaries, {callers} at once, {against}");
            if !report.wants(&name) {
                return;
            }
            let (floor, ours) = rounds.throughput();
            let note = format!("{ours:.1} k/s against {floor:.1} k/s");
            report.row(&name, "", rounds.ratio(), Target::Any, &note);
            report.row("  CPU time", "", rounds.cpu_ratio(), Target::Any, "");
        };
        let ours = |caller: usize| sharded(caller as u64);
        let floor = move |caller: usize| async move {
            let mut connection = by_hand.clone();
            let get = redis::cmd("GET").arg(keys.get(caller).unwrap()).to_owned();
            let bytes: Vec<u8> = get.query_async(&mut connection).await.unwrap();
            serde_json::from_slice::<User>(&bytes).unwrap()
        };
        row("by hand", compare(bench, callers, 1, floor, ours));
        let one = |caller: usize| ours::user(caller as u64);
        row("one server", compare(bench, callers, 1, one, ours));
    }
}

/// How long calls take: while nothing happens, while slots move, and while a primary is down.
fn meanwhile(bench: &'static Bench, cluster: &mut Cluster, report: &mut Report) {
    if !report.wants("calls") {
        return;
    }
    let all: Vec<u64> = (0..CALLERS as u64).collect();
    let calls = |numbers: &[u64], happens: &mut dyn FnMut()| {
        let stop = Arc::<AtomicBool>::default();
        let load = begin(bench, numbers, &stop);
        happens();
        stop.store(true, Ordering::Relaxed);
        bench.runtime.block_on(load.join_all()).concat()
    };
    let mut row = |name: &str, took: Vec<f64>| {
        let note = format!("{}, {} calls", tail(&took), took.len());
        report.row(
            &format!("calls of {LOAD} callers, {name}"),
            "µs",
            median(took),
            Target::Any,
            &note,
        );
    };
    row("nothing happens", calls(&all, &mut || std::thread::sleep(PHASE)));

    let slots = cluster.slots(&all.iter().map(|id| key(*id)).collect::<Vec<_>>());
    let mut moved = 0;
    let took = calls(&all, &mut || {
        let begun = Instant::now();
        for slot in slots.iter().cycle().take_while(|_| begun.elapsed() < PHASE) {
            let from = cluster.owner(*slot).unwrap();
            cluster.move_slot(*slot, (from + 1) % 3);
            // Two nodes that take slots before they have heard of each other may contradict each other.
            cluster.settled();
            moved += 1;
        }
    });
    row(&format!("{moved} slots move"), took);

    cluster.settled();
    let (dead, others): (Vec<u64>, Vec<u64>) =
        all.iter().partition(|id| cluster.holder(&key(**id)) == 0);
    (0..3).for_each(|node| cluster.in_step(node));
    let stop = Arc::<AtomicBool>::default();
    let (of_dead, of_others) = (begin(bench, &dead, &stop), begin(bench, &others, &stop));
    let slot = cluster.slot(&key(*dead.first().unwrap()));
    cluster.node_mut(0).kill();
    let killed = Instant::now();
    while cluster.owner(slot) == Some(0) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let took = killed.elapsed();
    stop.store(true, Ordering::Relaxed);
    let down = |load: JoinSet<Vec<f64>>| bench.runtime.block_on(load.join_all()).concat();
    row(&format!("their primary is down, {took:.1?}"), down(of_dead));
    row("another's primary is down", down(of_others));
}

/// Callers for these numbers, one after the other, until they are told to stop: what each call took,
/// in microseconds.
fn begin(bench: &'static Bench, numbers: &[u64], stop: &Arc<AtomicBool>) -> JoinSet<Vec<f64>> {
    let mut load = JoinSet::new();
    for caller in 0..LOAD {
        let (numbers, stop) = (numbers.to_vec(), stop.clone());
        let call = async move {
            let mut took = Vec::new();
            for id in numbers.iter().cycle().skip(caller) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let begun = Instant::now();
                sharded(*id).await.unwrap();
                took.push(begun.elapsed().as_secs_f64() * 1e6);
                tokio::task::yield_now().await;
            }
            took
        };
        load.spawn_on(call, bench.runtime.handle());
    }
    load
}

/// Where the slowest are.
fn tail(took: &[f64]) -> String {
    let mut took = took.to_vec();
    took.sort_by(f64::total_cmp);
    let at =
        |thousandth: usize| took.get(took.len() * thousandth / 1_000).copied().unwrap_or(f64::NAN);
    let most = took.last().copied().unwrap_or(f64::NAN);
    format!("99 % within {:.0}, 99.9 % within {:.0}, all within {most:.0}", at(990), at(999))
}
