//! Hits of what is kept in this process (`l1`), against `quick_cache` by hand with keys that were built
//! beforehand, and against what keeps values without asking anybody whether they are still right.

use crate::measure::compare;
use crate::ours;
use crate::report::{Report, Target};
use crate::setup::{Bench, User};
use cache_runtime::Cache;
use quick_cache::sync::Cache as Map;
use std::cell::Cell;
use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Keys of each caller, which it asks for one after the other: not all is in the nearest memory, and whether
/// two callers meet in one part of a map is not decided by two keys.
const KEYS: usize = 32;
/// Of all callers.
const ALL: u64 = 2 * KEYS as u64;
/// Calls between two looks at the time.
const BURST: u32 = 64;
const CACHED: &str = "l1, an Arc, against `cached`";
const MOKA: &str = "l1, an Arc, against `moka` by hand";

pub(crate) fn hits(bench: &'static Bench, report: &mut Report) {
    let (shared, owned) = ("l1, an Arc", "l1, an owned value");
    let at_once = [", 2 at once", ""].into_iter();
    let ours = at_once.flat_map(|at_once| [shared, owned].map(|name| format!("{name}{at_once}")));
    if !ours.chain([CACHED, MOKA].map(str::to_owned)).any(|name| report.wants(&name)) {
        return;
    }
    let keys: &_ = Box::leak(Box::new((0..ALL).map(key).collect::<Vec<_>>()));
    let arcs: &'static Map<String, Arc<User>> = Box::leak(Box::new(Map::new(10_000)));
    let users: &'static Map<String, User> = Box::leak(Box::new(Map::new(10_000)));
    for (id, key) in keys.iter().enumerate() {
        arcs.insert(key.clone(), Arc::new(User::new(id as u64)));
        users.insert(key.clone(), User::new(id as u64));
    }
    bench.runtime.block_on(keep());
    for (callers, at_once) in [(1, ""), (2, ", 2 at once")] {
        let name = format!("{shared}{at_once}");
        if report.wants(&name) {
            let (turn, turns) = (Turn::default(), Turn::default());
            let floor =
                move |caller| ready(keys.get(turn.of(caller)).and_then(|key| arcs.get(key)));
            let call = move |caller| ours::shared(turns.of(caller) as u64);
            let rounds = compare(bench, callers, BURST, floor, call);
            row(&name, &rounds, 1.0 / 1.6, report);
        }
        let name = format!("{owned}{at_once}");
        if report.wants(&name) {
            let (turn, turns) = (Turn::default(), Turn::default());
            let floor =
                move |caller| ready(keys.get(turn.of(caller)).and_then(|key| users.get(key)));
            let call = move |caller| ours::owned(turns.of(caller) as u64);
            let rounds = compare(bench, callers, BURST, floor, call);
            row(&name, &rounds, 1.0 / 1.15, report);
        }
    }
    others(bench, keys, report);
    let l1 = bench.runtime.block_on(Cache::global().stats()).process.l1;
    if let Some(l1) = l1 {
        println!("  {} bytes an entry, by its own estimate", l1.bytes / l1.entries.max(1));
    }
}

/// Which of its keys is a caller's next.
#[derive(Debug, Clone, Default)]
struct Turn(Cell<usize>);

impl Turn {
    #[inline]
    fn of(&self, caller: usize) -> usize {
        let turn = self.0.get();
        self.0.set((turn + 1) % KEYS);
        caller * KEYS + turn
    }
}

/// Against the macro of `cached`, and against `moka` by hand.
fn others(bench: &'static Bench, keys: &'static [String], report: &mut Report) {
    const ID: u64 = 7;
    if report.wants(CACHED) {
        let rounds = compare(bench, 1, BURST, |_| memoized(ID), |_| ours::shared(ID));
        row(CACHED, &rounds, 2.0, report);
    }
    if report.wants(MOKA) {
        let moka: &_ = Box::leak(Box::new(moka::sync::Cache::new(10_000)));
        for (id, key) in keys.iter().enumerate() {
            moka.insert(key.clone(), Arc::new(User::new(id as u64)));
        }
        let floor = move |_| ready(keys.get(7).and_then(|key| moka.get(key)));
        let rounds = compare(bench, 1, BURST, floor, |_| ours::shared(ID));
        report.row(MOKA, "", rounds.ratio(), Target::Any, &rounds.costs());
    }
}

#[cached::macros::cached]
async fn memoized(id: u64) -> Arc<User> {
    Arc::new(User::new(id))
}

fn row(name: &str, rounds: &crate::measure::Rounds, least: f64, report: &mut Report) {
    report.row(name, "", rounds.ratio(), Target::AtLeast(least), &rounds.costs());
}

fn key(id: u64) -> String {
    format!("bench:shared:{id}")
}

/// Calls until all keys are answered from memory.
async fn keep() {
    let begun = Instant::now();
    loop {
        let (_, observed) = cache_runtime::observe(async {
            for id in 0..ALL {
                ours::shared(id).await;
                assert!(ours::owned(id).await.is_ok());
            }
        })
        .await;
        if observed.memory_hits == 2 * ALL {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing is kept");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
