//! What is counted and not timed. On a current-thread runtime, since allocations are counted by
//! thread; what the connections' tasks allocate is counted too, on both sides.

use crate::report::{Report, Target};
use crate::setup::Bench;
use crate::{floor, ours};
use allocation_counter::measure;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Calls that are counted, after as many to warm up.
const CALLS: u64 = 1_000;

/// Per hit and per miss, minus the floor's.
pub(crate) fn allocations(bench: &'static Bench, report: &mut Report) {
    let runtime = single();
    let connection = runtime.block_on(bench.connect());
    let mut row = |name: &str, floor: f64, ours: f64, most: f64| {
        if !report.wants(name) {
            return;
        }
        let note = format!("{ours:.2} against {floor:.2}");
        report.count(name, "more than the floor's", ours - floor, Target::AtMost(most), &note);
    };
    let key = bench.keys.first().unwrap();
    let floor = per_call(&runtime, |_| floor::hit(&connection, key));
    row("allocations per hit", floor, per_call(&runtime, |_| ours::user(0)), 2.0);
    // Numbers that no other row uses.
    let floor = per_call(&runtime, |n| floor::locked(&connection, u64::MAX - n));
    row("allocations per miss", floor, per_call(&runtime, |n| ours::miss(u64::MAX - n)), 8.0);
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
    report.count("size of the future", "bytes more", more, Target::AtMost(2_048.0), &note);
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
                for _ in 0..calls / callers {
                    match side {
                        "floor" => drop(floor::hit(connection, key).await),
                        "memory" => drop(ours::in_memory(id).await),
                        "disabled" => drop(ours::disabled(id).await),
                        _ => drop(ours::user(id).await),
                    }
                }
            })
            .collect();
        tasks.join_all().await;
    });
    bench.stop();
}

fn single() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[allow(clippy::cast_precision_loss)] // some thousands
fn per_call<F: Future>(runtime: &Runtime, call: impl Fn(u64) -> F) -> f64 {
    let run = |from: u64| {
        runtime.block_on(async {
            for n in from..from + CALLS {
                std::hint::black_box(call(n).await);
            }
        });
    };
    run(0);
    measure(|| run(CALLS)).count_total as f64 / CALLS as f64
}
