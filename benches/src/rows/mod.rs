//! What is measured.

pub(crate) mod counted;
pub(crate) mod kept;
pub(crate) mod room;
pub(crate) mod trouble;

use crate::measure::{Rounds, compare};
use crate::report::{Report, Target};
use crate::setup::Bench;
use crate::{floor, ours};
use futures_util::future::join_all;
use std::sync::atomic::{AtomicU64, Ordering};

/// Hits in Redis, against `GET` and `from_slice` with a key built beforehand.
pub(crate) fn hits(bench: &'static Bench, report: &mut Report) {
    for (callers, least) in [(1, 0.95), (4, 0.95), (16, 1.1), (256, 1.6)] {
        let name = format!("hit, {callers} at once");
        if !report.wants(&name) {
            continue;
        }
        let rounds = compare(
            bench,
            callers,
            1,
            move |caller| async move {
                let key = bench.keys.get(caller).unwrap();
                floor::hit(&bench.connection, key).await
            },
            |caller| ours::user(caller as u64),
        );
        ratios(&name, &rounds, least, report);
        let ratio = rounds.both_cpu_ratio();
        report.row("  CPU time, the server's too", "", ratio, Target::AtLeast(least), "");
    }
}

/// As many hits by one call, against `MGET` by hand and against as many calls.
pub(crate) fn batches(bench: &'static Bench, report: &mut Report) {
    const IDS: u64 = 100;
    if !report.wants("hits by one call") {
        return;
    }
    let batch = |_| async {
        let ids: Vec<u64> = (0..IDS).collect();
        assert_eq!(ours::users(&ids).await.unwrap().len(), ids.len());
    };
    let mut row = |against: &str, target, rounds: Rounds| {
        let name = format!("{IDS} hits by one call, against {against}");
        report.row(&name, "", rounds.ratio(), target, &rounds.costs());
        report.row("  CPU time", "", rounds.cpu_ratio(), target, "");
    };
    let mget = move |_| floor::hits(&bench.connection, bench.keys.get(..IDS as usize).unwrap());
    row("MGET by hand", Target::Any, compare(bench, 1, 1, mget, batch));
    let at_once = |_| join_all((0..IDS).map(ours::user));
    row("as many calls at once", Target::Any, compare(bench, 1, 1, at_once, batch));
    let in_turn = |_| async {
        for id in 0..IDS {
            ours::user(id).await.unwrap();
        }
    };
    row("as many calls in turn", Target::AtLeast(4.0), compare(bench, 1, 1, in_turn, batch));
}

/// By throughput, and by what it costs this process.
fn ratios(name: &str, rounds: &Rounds, least: f64, report: &mut Report) {
    let (floor, ours) = rounds.throughput();
    let note = format!("{ours:.1} k/s against {floor:.1} k/s");
    report.row(name, "", rounds.ratio(), Target::AtLeast(least), &note);
    let target = Target::AtLeast(least);
    report.row("  CPU time", "", rounds.cpu_ratio(), target, &rounds.costs());
}

/// Misses alone, against the same round trips, and against the two that go without a lease.
pub(crate) fn misses(bench: &'static Bench, report: &mut Report) {
    // No key is missed twice.
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let next = || NEXT.fetch_add(1, Ordering::Relaxed);
    let name = "miss, against GET, SET NX and a script that fills";
    if report.wants(name) {
        let floor = move |_| floor::locked(&bench.connection, next());
        let rounds = compare(bench, 1, 1, floor, move |_| ours::miss(next()));
        ratios(name, &rounds, 0.95, report);
    }
    let name = "miss, against GET and SET PX, a round trip less";
    if report.wants(name) {
        let floor = move |_| floor::miss(&bench.connection, next());
        let rounds = compare(bench, 1, 1, floor, move |_| ours::miss(next()));
        report.row(name, "", rounds.ratio(), Target::AtLeast(0.5), "");
    }
    let name = "memory://, reading a value back before it is stored";
    if report.wants(name) {
        let unverified = move |_| ours::unverified(next());
        let rounds = compare(bench, 1, 16, unverified, move |_| ours::verified(next()));
        let note = format!("of {:.0} a miss", rounds.cpu_cost().value);
        report.row(name, "ns", rounds.cpu_added(), Target::AtMost(2_000.0), &note);
    }
}

/// What a call costs where Redis' answer is not what takes the time.
pub(crate) fn costs(bench: &'static Bench, report: &mut Report) {
    let name = "disabled://, added to the bare function";
    if report.wants(name) {
        let rounds = compare(bench, 1, 64, |_| floor::bare(7), |_| ours::disabled(7));
        let note = format!("ratio {:.2}", rounds.cpu_ratio().value);
        report.row(name, "ns", rounds.cpu_added(), Target::AtMost(100.0), &note);
    }

    let name = "memory://, a hit";
    if report.wants(name) {
        let json = serde_json::to_vec(&crate::setup::User::new(7)).unwrap();
        let rounds = compare(
            bench,
            1,
            64,
            move |_| {
                let user: crate::setup::User = serde_json::from_slice(&json).unwrap();
                async move { user }
            },
            |_| ours::in_memory(7),
        );
        let decoding = rounds.cpu_cost().value - rounds.cpu_added().value;
        let note = format!("of which from_slice {decoding:.0}");
        report.row(name, "ns", rounds.cpu_cost(), Target::AtMost(2_000.0), &note);
    }
}
