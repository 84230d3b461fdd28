//! The task that keeps the map of a cluster: it asks one node after the other which of them has which
//! slots. No caller waits for it but the first ones, and those within their budgets.

use super::nodes::{Cluster, Known};
use crate::backoff::Backoff;
use crate::config::Server;
use crate::error::Error;
use crate::io_thread;
use crate::store::Reachability;
use crate::store::redis::late::late;
use crate::store::redis::link::map::{Range, ask};
use crate::store::redis::link::node::{Directory as _, Node};
use crate::timers;
use redis::ConnectionAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// After how long without an answer the next node is asked, too. By TLS it is two round trips more.
const SOON: Duration = Duration::from_millis(400);
const TLS_SOON: Duration = Duration::from_secs(1);
/// How long each node may take: it may be far away, or this process may hardly get to run.
const PATIENCE: Duration = Duration::from_secs(5);
/// Nodes that are asked in one round, and seeds beside them.
const MOST_ASKED: usize = 5;
const MOST_SEEDS: usize = 3;
/// Between two rounds: at least; beyond that while something is wrong, ever longer; and else.
const LEAST: Duration = Duration::from_millis(200);
const TROUBLED: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(500));
const SELDOM: Duration = Duration::from_secs(30);

impl Cluster {
    /// The node that has `slot`. Waits while nothing is known of the cluster yet.
    pub(crate) async fn node(&self, slot: u16, within: Duration) -> Result<Arc<Node>, Error> {
        if let Some(node) = self.owner(slot) {
            return Ok(node);
        }
        self.settled(within).await?;
        self.owner(slot).ok_or_else(|| self.nobody_has_it())
    }

    /// What is said of a slot that has no node: what nodes say that know as much.
    pub(super) fn nobody_has_it(&self) -> Error {
        self.doubt();
        Error::Refused("CLUSTERDOWN".to_owned())
    }

    /// Waits until the cluster is known, or known to be out of reach.
    pub(super) async fn settled(&self, within: Duration) -> Result<(), Error> {
        if *self.known.borrow() == Known::Yes {
            return Ok(());
        }
        if !timers::available() {
            return Err(Error::Unavailable);
        }
        self.start();
        let mut known = self.known.subscribe();
        let settled = timeout(within, known.wait_for(|known| *known != Known::Asking)).await;
        match settled.map(|known| known.map(|known| *known)) {
            Ok(Ok(Known::Yes)) => Ok(()),
            Ok(_) => Err(Error::Unavailable),
            Err(_) => Err(Error::Timeout),
        }
    }

    fn start(&self) {
        if self.started.swap(true, Ordering::AcqRel) {
            return;
        }
        match io_thread::handle() {
            Some(thread) => drop(thread.spawn(keep(self.this.clone(), self.doubts.clone()))),
            None => drop(self.known.send_replace(Known::No)),
        }
    }

    /// Whom to ask in which order: those that work, beginning with another one each time, since one
    /// that is cut off from the others says what was; then those that the configuration names.
    fn whom(&self, round: usize) -> Vec<Server> {
        let (mut good, mut bad): (Vec<_>, Vec<_>) =
            self.addresses().into_iter().partition(|(_, node)| {
                node.reachability() != Reachability::Unreachable && !node.is_in_doubt()
            });
        for some in [&mut good, &mut bad] {
            let turn = round % some.len().max(1);
            some.rotate_left(turn);
        }
        let nodes = good.into_iter().chain(bad).map(|(address, _)| address).take(MOST_ASKED);
        let mut all: Vec<ConnectionAddr> = nodes.collect();
        let seeds = self.seeds.iter().cycle().skip(round % self.seeds.len().max(1));
        for seed in seeds.take(self.seeds.len().min(MOST_SEEDS)) {
            if !all.contains(seed) {
                all.push(seed.clone());
            }
        }
        all.iter().map(|address| self.member(address)).collect()
    }

    /// Takes over what a round came to. Answers whether something is wrong.
    fn asked(&self, since: u64, answer: Result<Vec<Range>, String>) -> bool {
        match answer {
            Ok(ranges) => {
                self.learn(&ranges);
                self.report.regained();
                self.known.send_replace(Known::Yes);
            }
            Err(why) => {
                // Once it is known, its nodes say themselves what becomes of them.
                if *self.known.borrow() != Known::Yes {
                    self.report.lost(since, &why);
                    self.known.send_replace(Known::No);
                }
                return true;
            }
        }
        let mut troubled = !self.is_whole();
        for node in self.primaries() {
            // One that has just been lost is not known to be out of reach yet.
            troubled |= node.is_in_doubt();
            if node.reachability() == Reachability::Unreachable {
                troubled = true;
                if node.report.never_was_up() && !self.astray.swap(true, Ordering::AcqRel) {
                    self.report.leads_astray(node.report.server());
                }
            }
        }
        troubled
    }
}

/// Asks again and again, until the cluster is gone.
async fn keep(cluster: Weak<Cluster>, doubts: Arc<Notify>) {
    let mut backoff = TROUBLED;
    let mut asked = Asked::new();
    for round in 0.. {
        let Some(alive) = cluster.upgrade() else { return };
        let (whom, since) = (alive.whom(round), alive.report.moment());
        drop(alive); // which may go while an answer is awaited
        let answer = ask_in_turn(whom, &mut asked).await;
        let Some(alive) = cluster.upgrade() else { return };
        let pause = match alive.asked(since, answer) {
            true => backoff.pause(fastrand::f64()),
            false => {
                backoff = TROUBLED;
                SELDOM.mul_f64(0.5 + fastrand::f64() / 2.0)
            }
        };
        drop(alive);
        sleep(LEAST.mul_f64(1.0 + fastrand::f64() / 4.0)).await;
        let _ = timeout(pause, doubts.notified()).await;
    }
}

/// Nodes that have not answered yet.
type Asked = JoinSet<Result<Vec<Range>, String>>;

/// The first answer that there is; and else why the last one has none. Who does not answer soon is
/// asked on while others are, also in the rounds that follow.
async fn ask_in_turn(whom: Vec<Server>, asked: &mut Asked) -> Result<Vec<Range>, String> {
    let mut failed = "it has no nodes".to_owned();
    for node in whom {
        let (name, soon) = (format!("{node:?}"), if node.is_tls() { TLS_SOON } else { SOON });
        let one = asked.spawn(async move {
            match ask(&node, PATIENCE).await {
                Ok(ranges) if !ranges.is_empty() => Ok(ranges),
                Ok(_) => Err(format!("{node:?}: its cluster has no slots")),
                Err(why) => Err(format!("{node:?}: {why}")),
            }
        });
        let answer = async {
            while let Some(answer) = asked.join_next().await {
                match answer {
                    Ok(Ok(ranges)) => return Some(ranges),
                    Ok(Err(why)) => failed = why,
                    Err(_) => {}
                }
                if one.is_finished() {
                    break;
                }
            }
            None
        };
        match timeout(soon, answer).await {
            Ok(Some(ranges)) => {
                *asked = Asked::new();
                return Ok(ranges);
            }
            Ok(None) => {}
            Err(_) => failed = format!("{name}: {}", late()),
        }
    }
    Err(failed)
}
