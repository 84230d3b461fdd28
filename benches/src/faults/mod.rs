//! The time without cache after each fault, on real servers: what calls took while it lasted, and how
//! long after its end the first one was cached again.
//!
//! `cargo run --release -p cache-benches -- faults [--rounds N] [FILTER]` prints the figures of the
//! guide's page `faults`.

mod leases;
mod network;
mod servers;
mod watch;

use std::time::Duration;
use watch::Seen;

/// For so long a fault lasts, where it has no end of its own: longer than any step of what connects
/// anew while it lasts.
const LASTS: Duration = Duration::from_secs(2);

/// A fault by the name that the guide gives it, and what one round of it has shown.
type Scene = (&'static str, fn() -> Seen);

/// Each round on servers of its own.
pub(crate) fn rows(rounds: usize, filter: &str) {
    println!(
        "| fault | slowest call | cached again after its end | longest time without a cached call |"
    );
    println!("|---|---|---|---|");
    let scenes = [servers::SCENES, network::SCENES, leases::SCENES].concat();
    for (name, round) in scenes.into_iter().filter(|(name, _)| name.contains(filter)) {
        let seen: Vec<_> = (0..rounds).map(|_| round()).collect();
        let column = |of: fn(&Seen) -> Option<Duration>| {
            let mut all: Vec<_> = seen.iter().filter_map(of).collect();
            all.sort();
            match (all.get(all.len() / 2), all.last()) {
                (Some(median), Some(most)) => format!("{} ({})", ms(*median), ms(*most)),
                _ => "–".to_owned(),
            }
        };
        let slowest = column(|seen| Some(seen.slowest));
        let (after, without) = (column(|seen| seen.after), column(|seen| seen.without));
        println!("| {name} | {slowest} | {after} | {without} |");
    }
}

fn ms(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}
