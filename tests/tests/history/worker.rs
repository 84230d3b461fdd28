//! Processes of their own, which can be killed.

use crate::history::Event;
use crate::profile::Profile;
use crate::record::{Data, Recorder, now};
use crate::work::Process;
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// How many things one process does at a time.
const CLIENTS: usize = 5;
const ORDER: &str = "HISTORY_WORKER";

/// What a process is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    pub process: u64,
    pub seed: u64,
    pub url: String,
    pub data: PathBuf,
    pub profile: Profile,
    pub until: Duration,
}

impl Order {
    /// Does it, and writes it down with `recorder`.
    pub async fn carry_out(self, recorder: Recorder) -> Arc<Process> {
        let process = Arc::new(Process {
            cache: self.profile.cache(&self.url),
            recorder,
            data: Data::at(Path::new(&self.data)),
        });
        let mut random = Rng::with_seed(self.seed ^ (self.process << 32));
        let clients = (0..CLIENTS)
            .map(|_| process.clone().client(self.profile, random.fork(), self.until))
            .map(tokio::spawn);
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
        // What is in the background is written down as well.
        process.cache.shutdown().await;
        process
    }
}

/// Not a test by itself: what a process of its own runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let Ok(order) = std::env::var(ORDER) else { return };
    println!(); // what the harness has begun to write ends here
    let order: Order = serde_json::from_str(&order).unwrap();
    let recorder = Recorder::piped(order.process);
    order.carry_out(recorder).await;
}

/// Runs `order` in a process of its own, to its end or until it is killed after `lifetime`.
/// Answers what it had written down by then.
pub fn run(order: &Order, lifetime: Option<Duration>) -> Vec<(Duration, Event)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "worker::worker", "--nocapture"])
        .env(ORDER, serde_json::to_string(order).unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reader = std::thread::spawn(move || {
        // What is cut off in mid-line by the kill had no effect yet.
        let events = lines.map_while(Result::ok).filter(|line| line.starts_with('['));
        events.filter_map(|line| serde_json::from_str(&line).ok()).collect::<Vec<_>>()
    });
    let killed = lifetime.is_some_and(|lifetime| kill_after(&mut child, lifetime));
    assert!(child.wait().unwrap().success() || killed, "a worker failed");
    let died = now();
    let mut events = reader.join().unwrap();
    events.push((died, Event::Died { process: order.process }));
    events
}

fn kill_after(child: &mut Child, lifetime: Duration) -> bool {
    std::thread::sleep(lifetime);
    child.kill().is_ok()
}
