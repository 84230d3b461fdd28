//! Ratios against the floor: the same work written by hand over the same client and settings.
//!
//! ```text
//! cargo run --release -p cache-benches [-- [--check] [--rounds N] [FILTER]]
//! cargo run --release -p cache-benches -- compile [--check] [--rounds N] [--checkout PATH] [FILTER]
//! cargo run --release -p cache-benches -- instructions [--check] [--against PATH] [FILTER]
//! cargo run --release -p cache-benches -- cluster [--check] [--rounds N] [FILTER]
//! cargo run --release -p cache-benches -- faults [--rounds N] [FILTER]
//! cargo run --release -p cache-benches -- --loop CALLERS CALLS WHAT
//! ```
//!
//! Rounds of the two sides alternate, so that the machine's mood hits both; what is printed is the
//! median of the ratios of neighbouring rounds, and the quartiles. Allocations, sizes and
//! instructions are counted, so they do not depend on the machine at all. `--check` makes a missed
//! target an error.
//!
//! `compile` is what a cached function costs those who build the program, in this checkout or in
//! another; `instructions` is the length of a call, and tells whether it is longer than in another.
//! `cluster` is a hit on three primaries, and how long calls take while one is down and while slots move.
//! `faults` is the time without cache after each fault.
// Who waits for figures wants to see them, and a benchmark that cannot start has nothing to save.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod awake;
mod cluster;
mod compile;
mod faults;
mod floor;
mod generated;
mod instructions;
mod measure;
mod ours;
mod report;
mod rows;
mod setup;

use awake::Awake;
use compile::Builds;
use generated::own_checkout;
use report::Report;
use setup::Bench;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let others = ["compile", "instructions", "cluster", "faults"];
    let what = arguments.next_if(|first| others.contains(&&**first));
    let (mut filter, mut check) = (String::new(), false);
    let (mut rounds, mut checkout) = (None, None);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|n| n.parse().ok()).expect("a number");
        match argument.as_str() {
            "--check" => check = true,
            "--rounds" => rounds = Some(number()),
            "--checkout" | "--against" => {
                checkout = Some(PathBuf::from(arguments.next().expect("a path")));
            }
            "--loop" => {
                let (callers, calls) = (number(), number());
                rows::counted::spin(&arguments.next().unwrap_or_default(), callers, calls);
                return ExitCode::SUCCESS;
            }
            "--awake" => {
                awake::stay_awake(number().try_into().unwrap());
                return ExitCode::SUCCESS;
            }
            _ => filter = argument,
        }
    }

    if what.as_deref() == Some("faults") {
        faults::rows(rounds.unwrap_or(5), &filter);
        return ExitCode::SUCCESS;
    }
    let title = match what.as_deref() {
        Some("compile") => "1.00 = the same by hand",
        Some("cluster") | None => "1.00 = the floor's throughput",
        Some(_) => "of one call after another",
    };
    let mut report = Report::new(title, filter);
    match what.as_deref() {
        Some("compile") => {
            let checkout = checkout.as_deref().unwrap_or(own_checkout());
            compile::rows(Builds { rounds: rounds.unwrap_or(3), checkout }, &mut report);
        }
        Some("cluster") => cluster::rows(rounds.unwrap_or(15), &mut report),
        Some(_) => instructions::rows(checkout.as_deref(), &mut report),
        None => calls(rounds.unwrap_or(15), &mut report),
    }
    if check && report.missed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What calls cost, against the floor.
fn calls(rounds: usize, report: &mut Report) {
    let bench = Bench::start(rounds);
    // What waits for Redis.
    let awake = Awake::start();
    rows::hits(bench, report);
    rows::misses(bench, report);
    rows::batches(bench, report);
    drop(awake);
    rows::costs(bench, report);
    rows::kept::hits(bench, report);
    rows::room::rows(bench, report);
    rows::trouble::cold_key(bench, report);
    rows::trouble::refused(bench, report);
    rows::counted::hits(bench, report);
    rows::counted::misses(bench, report);
    rows::counted::kept(report);
    rows::counted::sizes(report);
    bench.stop();
}
