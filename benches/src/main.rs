//! Ratios against the floor: the same work written by hand over the same client and settings.
//!
//! ```text
//! cargo run --release -p cache-benches [-- [--check] [--rounds N] [FILTER]]
//! cargo run --release -p cache-benches -- --loop CALLERS CALLS ours|floor|memory|disabled
//! ```
//!
//! Rounds of the two sides alternate, so that the machine's mood hits both; what is printed is the
//! median of the ratios of neighbouring rounds, and the quartiles. Allocations and sizes are
//! counted, so they do not depend on the machine at all. `--check` makes a missed target an error.
// Who waits for figures wants to see them, and a benchmark that cannot start has nothing to save.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]

mod floor;
mod measure;
mod ours;
mod report;
mod rows;
mod setup;

use report::Report;
use setup::Bench;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut filter, mut check, mut rounds) = (String::new(), false, 15);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|n| n.parse().ok()).expect("a number");
        match argument.as_str() {
            "--check" => check = true,
            "--rounds" => rounds = number(),
            "--loop" => {
                let (callers, calls) = (number(), number());
                rows::counted::spin(&arguments.next().unwrap_or_default(), callers, calls);
                return ExitCode::SUCCESS;
            }
            _ => filter = argument,
        }
    }

    let bench = Bench::start(rounds);
    let mut report = Report::new(filter);
    rows::hits(bench, &mut report);
    rows::misses(bench, &mut report);
    rows::costs(bench, &mut report);
    rows::trouble::cold_key(bench, &mut report);
    rows::trouble::refused(bench, &mut report);
    rows::counted::hits(bench, &mut report);
    rows::counted::misses(bench, &mut report);
    rows::counted::sizes(&mut report);
    bench.stop();
    if check && report.missed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
