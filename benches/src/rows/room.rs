//! How much memory a value takes that is kept in this process (`l1`), against the same in `quick_cache` by
//! hand, and how much it is counted as.

use crate::ours;
use crate::report::{Report, Target};
use crate::rows::counted::single;
use crate::setup::{Bench, User};
use allocation_counter::measure;
use cache_runtime::Cache;
use quick_cache::sync::Cache as Map;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many that each part of the map has room for as many more as is usual.
const ENTRIES: u64 = 6_000;
/// What the allocator needs for a block beside what is asked of it: its length, and half of what its size
/// is rounded up by.
const PER_BLOCK: f64 = 12.0;

pub(crate) fn rows(bench: &'static Bench, report: &mut Report) {
    row(bench, report, "an Arc of 300 bytes", ours::shared, |id| Arc::new(read(&User::new(id))));
    row(bench, report, "a number", ours::number, |id| id);
    row(bench, report, "short texts", ours::names, |id| read(&ours::names_of(id)));
}

fn row<T: Clone, F: Future>(
    bench: &'static Bench,
    report: &mut Report,
    what: &str,
    call: fn(u64) -> F,
    value: fn(u64) -> T,
) {
    let name = format!("l1, an entry: {what}");
    if !report.wants(&name) {
        return;
    }
    let map = Map::new(2 * ENTRIES as usize);
    for id in 0..ENTRIES {
        map.insert(format!("bench:shared:{id}"), value(id));
    }
    let by_hand = freed(move || drop(map));
    let runtime = single();
    let cache = bench.another_cache();
    let counted = runtime.block_on(cache.scope(keep(call)));
    let ours = freed(move || drop(cache));
    let note = format!("{by_hand:.0} by hand");
    report.count(&name, "bytes", ours, Target::AtMost(1.5 * by_hand), &note);
    let note = format!("counted as {counted:.0}");
    report.count("  its estimate, of that", "", counted / ours, Target::AtLeast(1.0), &note);
}

/// Has all entries kept; answers how many bytes each is counted as.
async fn keep<F: Future>(call: fn(u64) -> F) -> f64 {
    let begun = Instant::now();
    loop {
        for id in 0..ENTRIES {
            call(id).await;
        }
        let l1 = Cache::current().stats().await.process.l1.unwrap();
        if l1.entries == ENTRIES {
            return l1.bytes as f64 / ENTRIES as f64;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is kept");
    }
}

/// How many bytes an entry had, of those that `drop` gives back.
fn freed(drop: impl FnOnce()) -> f64 {
    let given = measure(drop);
    (-given.bytes_current as f64 - given.count_current as f64 * PER_BLOCK) / ENTRIES as f64
}

/// The value as it is read, which may lie otherwise than it was made.
fn read<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_slice(&serde_json::to_vec(value).unwrap()).unwrap()
}
