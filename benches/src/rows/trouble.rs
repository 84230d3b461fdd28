//! What matters when things are not as they should be: a cold key, a Redis that is not there.

use crate::measure::{compare, median};
use crate::report::{Report, Target};
use crate::setup::Bench;
use crate::{floor, ours};
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::task::JoinSet;

/// So many callers at once of a key that nobody has.
const CROWD: usize = 1_000;

/// How many bodies run, and how long after the value the last caller has it.
pub(crate) fn cold_key(bench: &'static Bench, report: &mut Report) {
    let name = format!("{CROWD} callers on a cold key");
    if !report.wants(&name) {
        return;
    }
    let (mut bodies, mut waits) = (0, Vec::new());
    for round in 0..bench.rounds as u64 {
        let before = ours::BODIES.load(Ordering::Relaxed);
        let begun = bench.runtime.block_on(async {
            let callers: JoinSet<_> = (0..CROWD).map(|_| ours::slow(round)).collect();
            callers.join_all().await;
            ours::ENDED.lock().unwrap().take().unwrap()
        });
        waits.push(begun.elapsed().as_secs_f64() * 1e3);
        bodies = bodies.max(ours::BODIES.load(Ordering::Relaxed) - before);
    }
    #[allow(clippy::cast_precision_loss)] // at most a thousand
    let bodies = bodies as f64;
    report.count(&name, "bodies", bodies, Target::AtMost(1.0), "the most of all rounds");
    let note = "from the body's end to the last caller";
    report.row(&name, "ms", median(waits), Target::AtMost(10.0), note);
}

/// What a call takes longer when nobody listens on Redis' port.
pub(crate) fn refused(bench: &'static Bench, report: &mut Report) {
    let name = "Redis refused, added";
    if !report.wants(name) {
        return;
    }
    let begun = Instant::now();
    bench.runtime.block_on(ours::refused(7)).unwrap();
    let first = begun.elapsed().as_secs_f64() * 1e3;
    let rounds = compare(bench, 1, 64, |_| floor::bare(7), |_| ours::refused(7));
    let note = format!("the first call {first:.2} ms");
    report.row(name, "ns", rounds.added(), Target::AtMost(1e6), &note);
}
