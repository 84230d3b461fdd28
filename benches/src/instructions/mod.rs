//! Instructions of a hit and of a miss, counted by valgrind: they depend neither on the machine nor on what else
//! it does, so that two commits can be compared to a part of a percent.

use crate::generated::{Generated, Profile, Sources, own_checkout, run};
use crate::report::{Report, Target};
use cache_test_servers::RedisServer;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Calls of the shorter run.
const CALLS: u32 = 2_000;

/// Counts calls of this checkout and, if there is one, compares with another.
pub(crate) fn rows(against: Option<&Path>, report: &mut Report) {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: valgrind is not installed (Debian: `apt-get install valgrind`)");
        return;
    }
    let server = RedisServer::start();
    let ours = probe("instructions", own_checkout());
    let other = against.map(|checkout| probe("instructions-against", checkout));
    for (store, url) in [("memory://", "memory://".to_owned()), ("redis://", server.url())] {
        for (what, calls) in [("hit", "hits"), ("miss", "misses")] {
            let name = format!("instructions of a {what}, {store}");
            if !report.wants(&name) {
                continue;
            }
            let per_call = |program| {
                // What a run of twice as many has more: the start and the end are in both.
                let [once, twice] = [CALLS, 2 * CALLS].map(|number| {
                    server.command::<()>(&["FLUSHALL"]);
                    count(program, &[&url, &number.to_string(), calls])
                });
                (twice - once) / f64::from(CALLS)
            };
            let ours = per_call(&ours);
            if let Some(other) = &other {
                let other = per_call(other);
                let note = format!("{ours:.0} against {other:.0}");
                let more = (ours / other - 1.0) * 100.0;
                report.count(&name, "% more", more, Target::AtMost(1.0), &note);
            } else {
                report.count(&name, "", ours, Target::Any, "");
            }
        }
    }
}

/// The program that calls, with the runtime of `checkout`.
fn probe(name: &str, checkout: &Path) -> PathBuf {
    let program = include_str!("probe.rs.txt").to_owned();
    let sources = Sources { name: "probe".to_owned(), library: None, program };
    let generated = Generated::write(name, checkout, &[sources]);
    generated.build("probe", Profile::Release);
    generated.program("probe", Profile::Release)
}

/// The instructions of the whole run.
fn count(program: &Path, arguments: &[&str]) -> f64 {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let output = run(valgrind.arg(program).args(arguments));
    let said = String::from_utf8(output.stderr).unwrap();
    let counted = said.lines().find_map(|line| line.split_once("Collected : "));
    counted.expect("`Collected` in what callgrind says").1.trim().parse().unwrap()
}
