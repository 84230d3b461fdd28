//! What is counted and not timed. On a current-thread runtime, since allocations are counted by
//! thread; what the connections' tasks allocate is counted too, on both sides.

use crate::report::{Report, Target};
use crate::setup::Bench;
use crate::{floor, ours};
use allocation_counter::measure;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Calls that are counted, after as many to warm up.
const CALLS: u64 = 8_192;

/// Per hit of so many callers at once, minus the floor's.
pub(crate) fn hits(bench: &'static Bench, report: &mut Report) {
    let runtime = single();
    let connection: &_ = Box::leak(Box::new(runtime.block_on(bench.connect())));
    for callers in [1, 4, 16, 256] {
        let name = format!("allocations per hit, {callers} at once");
        if !report.wants(&name) {
            continue;
        }
        let rounds = CALLS.div_ceil(callers as u64);
        let floor = per_call(&runtime, callers, rounds, |caller, _| {
            floor::hit(connection, bench.keys.get(caller).unwrap())
        });
        let ours = per_call(&runtime, callers, rounds, |caller, _| ours::user(caller as u64));
        // As many as the floor: how reads fall into messages differs from run to run.
        more(&name, ours, floor, 0.1, report);
    }
}

/// Per miss, minus the floor's.
pub(crate) fn misses(bench: &'static Bench, report: &mut Report) {
    let name = "allocations per miss";
    if !report.wants(name) {
        return;
    }
    let runtime = single();
    let connection: &_ = Box::leak(Box::new(runtime.block_on(bench.connect())));
    // Numbers that no other row uses.
    let floor = per_call(&runtime, 1, CALLS, |_, n| floor::locked(connection, u64::MAX - n));
    let ours = per_call(&runtime, 1, CALLS, |_, n| ours::miss(u64::MAX - n));
    more(name, ours, floor, 6.0, report);
}

/// Per hit of an `Arc` that is kept in this process.
pub(crate) fn kept(report: &mut Report) {
    let name = "allocations per hit, l1, an Arc";
    if !report.wants(name) {
        return;
    }
    let runtime = single();
    let one_kept = async || {
        let seen = cache_runtime::observe(ours::shared(7)).await.1;
        seen.memory_hits == 1
    };
    runtime.block_on(async {
        while !one_kept().await {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    });
    let ours = per_call(&runtime, 1, CALLS, |_, _| ours::shared(7));
    report.count(name, "", ours, Target::AtMost(0.001), "");
}

fn more(name: &str, ours: f64, floor: f64, most: f64, report: &mut Report) {
    let note = format!("{ours:.2} against {floor:.2}");
    report.count(name, "more than the floor's", ours - floor, Target::AtMost(most), &note);
}

/// The future of a cached function against that of the bare one.
pub(crate) fn sizes(report: &mut Report) {
    if !report.wants("size of the future") {
        return;
    }
    let bare = size_of_val(&floor::bare(7));
    let cached = size_of_val(&ours::user(7));
    let note = format!("{cached} against {bare}");
    #[allow(clippy::cast_precision_loss)] // sizes of futures
    let more = cached as f64 - bare as f64;
    report.count("size of the future", "bytes more", more, Target::AtMost(850.0), &note);
}

/// Nothing but calls, of so many callers at once, for a profiler to look at.
pub(crate) fn spin(side: &str, callers: usize, calls: usize) {
    let bench = Bench::start(0);
    let runtime = single();
    let connection: &_ = Box::leak(Box::new(runtime.block_on(bench.connect())));
    let side: &_ = Box::leak(side.to_owned().into_boxed_str());
    runtime.block_on(async {
        let tasks: JoinSet<_> = (0..callers)
            .map(|caller| async move {
                let (key, id) = (bench.keys.get(caller).unwrap(), caller as u64);
                for call in 0..calls / callers {
                    let new = (caller * calls + call) as u64;
                    match side {
                        "floor" => drop(floor::hit(connection, key).await),
                        "memory" => drop(ours::in_memory(id).await),
                        "disabled" => drop(ours::disabled(id).await),
                        "miss" => drop(ours::miss(new).await),
                        "locked" => drop(floor::locked(connection, new).await),
                        _ => drop(ours::user(id).await),
                    }
                }
            })
            .collect();
        tasks.join_all().await;
    });
    bench.stop();
}

pub(super) fn single() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Allocations of one call, when each of so many callers makes so many. A call is told its caller
/// and its number.
#[allow(clippy::cast_precision_loss)] // some thousands
fn per_call<F, Fut>(runtime: &Runtime, callers: usize, calls: u64, call: F) -> f64
where
    F: Fn(usize, u64) -> Fut + Copy + Send + 'static,
    Fut: Future + Send,
{
    let run = |from: u64| {
        runtime.block_on(async {
            let tasks: JoinSet<_> = (0..callers)
                .map(|caller| async move {
                    for n in from..from + calls {
                        std::hint::black_box(call(caller, n).await);
                    }
                })
                .collect();
            tasks.join_all().await;
        });
    };
    run(0);
    measure(|| run(calls)).count_total as f64 / (calls * callers as u64) as f64
}
