//! Ratios against the floor: the same work written by hand over the same client and settings.
//!
//! ```text
//! cargo run --release -p cache-benches [-- FILTER]
//! ```
//!
//! Runs of the two sides alternate, so that the machine's mood hits both; what is printed is the
//! median of the ratios of neighbouring runs. Allocations are counted, so they do not depend on
//! the machine at all.

use cache_benches::{floor, ours, setup::Bench};
use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let wanted = |name: &str| name.contains(&filter);
    let bench = Bench::start()?;

    println!("{:<46} {:>8}  {:>8}   (throughput, 1.00 = the floor's)", "", "ratio", "spread");
    for callers in [1, 16, 256] {
        let name = format!("hit, {callers} callers, against GET + from_slice");
        if wanted(&name) {
            bench.compare(&name, callers, Duration::from_millis(250), floor::get, ours::hit);
        }
    }
    let name = "miss, 1 caller, against GET + SET";
    if wanted(name) {
        bench.compare(name, 1, Duration::from_millis(250), floor::get_and_set, ours::miss);
    }
    let name = "switched off, against the bare function";
    if wanted(name) {
        bench.compare(name, 1, Duration::from_millis(100), floor::bare, ours::disabled);
    }
    if wanted("allocations") {
        bench.allocations();
    }
    if wanted("callers on a cold key") {
        bench.cold_key(1_000);
    }
    if wanted("refused") {
        bench.refused();
    }
    Ok(())
}
