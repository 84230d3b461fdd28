//! The history checker: processes call, write, fail and are killed at random, all of it is
//! written down, and the whole history is checked against the guarantees G1 to G5.
//!
//! A run says its seed when it fails. `HISTORY_SEED=7 cargo test -p cache-tests --test history`
//! has the processes do the same again (what the scheduler does is not ours to repeat), and
//! `HISTORY_RUNS=100` soaks with seeds of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, missing_docs, unreachable_pub)]

mod check;
mod check_tests;
mod faults;
mod foreign;
mod functions;
mod history;
mod lists;
mod overlap;
mod profile;
mod record;
mod shifts;
mod tell;
mod work;
mod worker;

use cache_tests::{Cluster, DEADLINE, FaultProxy, RedisServer};
use check::check;
use fastrand::Rng;
use history::{Ending, Event, History, Outcome, process_of};
use profile::{Name, Profile};
use record::{Recorder, now};
use std::time::Duration;
use worker::Order;

/// How many processes are `Cache`s of this one; one more is a process of its own.
const NEAR: usize = 2;

/// Where the values are.
enum Servers {
    /// One, and the network of each process.
    One(RedisServer, Vec<FaultProxy>),
    Many(Cluster),
}

impl Servers {
    fn of(profile: Profile) -> Self {
        if profile.shifting {
            return Self::Many(shifts::cluster());
        }
        if profile.sharded {
            return Self::Many(Cluster::of_primaries());
        }
        let server = RedisServer::start();
        let proxies = (0..=NEAR).map(|_| FaultProxy::start(server.port())).collect();
        Self::One(server, proxies)
    }

    /// The URL of each process.
    fn urls(&self) -> Vec<String> {
        match self {
            Self::One(_, proxies) => proxies.iter().map(FaultProxy::url).collect(),
            Self::Many(cluster) => vec![cluster.url(); NEAR + 1],
        }
    }
}

/// Runs once, for so long; answers everything that happened.
fn run(profile: Profile, seed: u64, lasts: Duration) -> History {
    let mut servers = Servers::of(profile);
    let data = tempfile::tempdir().unwrap();
    let urls = servers.urls();
    let until = now() + lasts;
    let order = |process: usize| Order {
        process: process as u64,
        seed,
        url: urls[process].clone(),
        data: data.path().to_owned(),
        profile,
        until,
    };
    let mut random = Rng::with_seed(seed);
    let events = std::thread::scope(|scope| {
        let mut lives: Vec<_> = (0..NEAR)
            .map(|process| {
                let order = order(process);
                scope.spawn(move || live(order))
            })
            .collect();
        let (far, chance) = (order(NEAR), random.fork());
        lives.push(scope.spawn(move || live_far(far, chance)));
        match &mut servers {
            Servers::One(server, proxies) if profile.faults => {
                faults::rage(server, proxies, (random, profile.keys), until);
            }
            Servers::One(server, _) if profile.meddled => {
                faults::meddle(server, (random, profile.keys), until);
            }
            Servers::One(server, _) if profile.cut => {
                let cut = faults::cut(server, random, until);
                assert!(cut > 0, "no connection tracks");
                println!("{cut} connections that track were cut");
            }
            Servers::Many(cluster) if profile.shifting => {
                shifts::shift(cluster, (random, profile.keys), until);
            }
            Servers::One(..) | Servers::Many(_) => {}
        }
        lives.into_iter().flat_map(|life| life.join().unwrap()).collect::<Vec<_>>()
    });
    History::of(&events)
}

/// A process that is one `Cache` with a runtime of its own.
fn live(order: Order) -> Vec<(Duration, Event)> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let recorder = Recorder::here(order.process);
    runtime.block_on(order.carry_out(recorder)).recorder.take()
}

/// Processes of their own, one after another if they are killed.
fn live_far(mut order: Order, mut random: Rng) -> Vec<(Duration, Event)> {
    let mut events = Vec::new();
    while now() < order.until {
        let lifetime = Duration::from_millis(random.u64(150..900));
        let killed = order.profile.killed && now() + lifetime < order.until;
        events.extend(worker::run(&order, killed.then_some(lifetime)));
        order.process += 1;
    }
    events
}

/// Runs and checks, for the seeds that are asked for.
fn explore(name: Name, usual: &[u64]) {
    let number = |name| std::env::var(name).ok().map(|n: String| n.parse::<u64>().unwrap());
    let seeds = match (number("HISTORY_SEED"), number("HISTORY_RUNS")) {
        (Some(seed), _) => vec![seed],
        (None, Some(runs)) => (0..runs).map(|_| fastrand::u64(..1_000_000)).collect(),
        (None, None) => usual.to_vec(),
    };
    for seed in seeds {
        let profile = Profile::of(name);
        let mut lasts = profile.lasts();
        // A run in which little happens says little: on a slow machine it takes longer.
        while let Some(little) = explored(profile, seed, lasts) {
            println!("{name:?}, HISTORY_SEED={seed}, in {lasts:?}: {little}");
            lasts *= 2;
            assert!(lasts < DEADLINE, "{little}");
        }
    }
}

/// Runs and checks for one seed. Says what too little has happened of.
fn explored(profile: Profile, seed: u64, lasts: Duration) -> Option<String> {
    let (name, history) = (profile.name, run(profile, seed, lasts));
    println!("{name:?}, HISTORY_SEED={seed}: {}", figures(&history));
    let violations = check(&history, &profile.rules());
    let said: Vec<_> = violations.iter().take(5).map(ToString::to_string).collect();
    let (count, said) = (violations.len(), said.join("\n"));
    assert!(count == 0, "{name:?}, HISTORY_SEED={seed}: {count} violations\n{said}");
    too_little(&history)
}

fn too_little(history: &History) -> Option<String> {
    let elsewhere = |(id, call): (&u64, &history::Call)| matches!(call.outcome, Some(Outcome::Value(stamp)) if process_of(stamp.source) != process_of(*id));
    let shared = history.calls.iter().filter(|call| elsewhere(*call)).count();
    let bodies = history.bodies.len();
    (shared < 10 || bodies < 10)
        .then(|| format!("only {shared} values came from another process, and {bodies} bodies ran"))
}

fn figures(history: &History) -> String {
    let ended = |ending| history.bodies.values().filter(|b| b.ending == Some(ending)).count();
    let outcome = |of: fn(&Option<Outcome>) -> bool| {
        history.calls.values().filter(|call| of(&call.outcome)).count()
    };
    format!(
        "{} calls ({} with a value, {} cancelled, {} killed), {} bodies ({} failed, {} panicked), \
         {} writes ({} Ok)",
        history.calls.len(),
        outcome(|outcome| matches!(outcome, Some(Outcome::Value(_)))),
        outcome(|outcome| matches!(outcome, Some(Outcome::Cancelled))),
        outcome(Option::is_none),
        history.bodies.len(),
        ended(Ending::Error),
        ended(Ending::Panic),
        history.writes.len(),
        history.writes.values().filter(|write| write.ok).count(),
    )
}

#[test]
fn calls_alone_compute_one_at_a_time() {
    explore(Name::Calm, &[1]);
}

#[test]
fn no_write_is_overtaken() {
    explore(Name::Busy, &[2, 3]);
}

#[test]
fn nor_is_a_value_kept_that_others_have_changed() {
    explore(Name::Seldom, &[10, 11]);
}

#[test]
fn nor_where_processes_are_killed() {
    explore(Name::Killed, &[4]);
}

#[test]
fn nor_where_somebody_else_writes_into_the_keys_of_leases() {
    explore(Name::Meddled, &[7]);
}

#[test]
fn nor_where_networks_and_servers_fail() {
    explore(Name::Faulty, &[5, 6]);
}

#[test]
fn nor_where_the_connections_that_say_what_has_changed_are_cut() {
    explore(Name::Cut, &[12, 13]);
}

#[test]
fn nor_on_a_cluster() {
    explore(Name::Sharded, &[8]);
}

#[test]
fn nor_where_slots_move_and_nodes_change_places() {
    explore(Name::Shifting, &[9]);
}
