//! The connections of one Tokio runtime, and all pools of one store.
//!
//! A connection is driven by the runtime that opened it and starves while that one idles, so
//! each runtime has its own.

use super::super::Reachability;
use super::batch::Batch;
use super::report::{Moment, Report};
use super::supervisor::{self, Endpoint};
use super::way::Way;
use crate::error::Error;
use crate::timers;
use redis::Cmd;
use redis::aio::MultiplexedConnection;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::runtime::{Handle, Id};
use tokio::sync::watch;

/// What the connections are good for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The first attempt is under way; the one phase in which callers wait.
    Connecting,
    /// In use.
    Up,
    /// Out of use until the supervisor has seen them work; callers fail at once.
    Down,
    /// The runtime has ended, or cannot do I/O; for ever.
    Dead,
}

/// The state of a pool; in it a reader finds all that belongs together.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) phase: Phase,
    /// Raised whenever the pool comes up, so that a late error of what was before does no harm.
    pub(super) generation: u64,
    /// Since when it is up.
    since: Moment,
    connections: Vec<MultiplexedConnection>,
}

/// The connections of one runtime.
#[derive(Debug)]
pub(super) struct Pool {
    runtime: Id,
    pub(super) link: watch::Sender<Link>,
    /// Whose turn it is.
    turn: AtomicUsize,
    /// Reads that wait to be sent together.
    pub(super) reads: Batch,
    report: Arc<Report>,
}

impl Pool {
    /// A connection to use, and its generation. Waits for the first attempt alone.
    pub(super) async fn connection(&self) -> Result<(MultiplexedConnection, u64), Error> {
        if let Some(answer) = self.pick(&self.link.borrow()) {
            return answer;
        }
        let mut link = self.link.subscribe();
        let settled = link.wait_for(|link| link.phase != Phase::Connecting).await;
        let settled = settled.map_err(|_| Error::Unavailable)?;
        self.pick(&settled).unwrap_or(Err(Error::Unavailable))
    }

    /// A connection, if those of `generation` are still in use.
    pub(super) fn connection_of(&self, generation: u64) -> Option<MultiplexedConnection> {
        let (connection, current) = self.pick(&self.link.borrow())?.ok()?;
        (current == generation).then_some(connection)
    }

    /// `None` while it is not known yet.
    pub(super) fn pick(&self, link: &Link) -> Option<Result<(MultiplexedConnection, u64), Error>> {
        match link.phase {
            Phase::Connecting => None,
            Phase::Down | Phase::Dead => Some(Err(Error::Unavailable)),
            Phase::Up => {
                let turn = match link.connections.len() {
                    0 | 1 => 0,
                    several => self.turn.fetch_add(1, Ordering::Relaxed) % several,
                };
                let connection = link.connections.get(turn).cloned();
                Some(connection.map(|c| (c, link.generation)).ok_or(Error::Unavailable))
            }
        }
    }

    /// A connection of `generation` has failed: nobody uses these any more.
    pub(super) fn fail(&self, generation: u64, reason: &str) {
        let current = |link: &Link| {
            link.generation == generation && matches!(link.phase, Phase::Connecting | Phase::Up)
        };
        let since = {
            let link = self.link.borrow();
            if !current(&link) {
                return;
            }
            link.since
        };
        // Said before it takes effect, so that who has met the outage finds it in the log; and
        // outside of the lock, since a subscriber is the code of others.
        self.report.lost(since, reason);
        let mut old = Vec::new();
        self.link.send_if_modified(|link| {
            let current = current(link);
            if current {
                link.phase = Phase::Down;
                old = std::mem::take(&mut link.connections);
            }
            current
        });
    }

    /// These connections work.
    pub(super) fn up(&self, connections: Vec<MultiplexedConnection>) {
        let since = self.report.regained();
        let mut again = false;
        self.link.send_if_modified(|link| {
            let alive = link.phase != Phase::Dead;
            if alive {
                again = link.generation > 0;
                link.generation += 1;
                link.phase = Phase::Up;
                link.since = since;
                link.connections = connections;
            }
            alive
        });
        if again {
            self.report.reconnected();
        }
    }

    /// Its supervisor has ended.
    pub(super) fn die(&self) {
        let mut old = Vec::new();
        self.link.send_modify(|link| {
            link.phase = Phase::Dead;
            old = std::mem::take(&mut link.connections);
        });
    }

    fn phase(&self) -> Phase {
        self.link.borrow().phase
    }
}

/// All pools of one store.
#[derive(Debug)]
pub(super) struct Pools {
    endpoint: Arc<Endpoint>,
    report: Arc<Report>,
    /// Hardly ever more than one or two: a look through them beats hashing.
    pools: RwLock<Vec<Arc<Pool>>>,
}

impl Pools {
    pub(super) fn new(endpoint: Arc<Endpoint>, report: Arc<Report>) -> Self {
        Self { endpoint, report, pools: RwLock::default() }
    }

    /// The way from the runtime that this is called on. A command that may go together with
    /// others says how long it has.
    pub(super) fn way(&self, command: Cmd, join: bool) -> Result<Way, Error> {
        let handle = Handle::try_current().map_err(|_| Error::Unavailable)?;
        let id = handle.id();
        {
            let pools = self.pools.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(pool) = pools.iter().find(|pool| pool.runtime == id) {
                // Nearly every call ends here, without a count of the pool's owners, for which
                // all threads would contend: at 16 callers that costs a tenth.
                return pool.way(command, join, &handle);
            }
        }
        let pool = self.open(&handle, id);
        if pool.phase() == Phase::Dead {
            Err(Error::Unavailable)
        } else {
            Ok(Way::Wait(command, pool))
        }
    }

    /// What came of `way` has failed.
    pub(super) fn fail_here(&self, generation: u64, reason: &str) {
        if let Some(pool) = Handle::try_current().ok().and_then(|handle| self.find(handle.id())) {
            pool.fail(generation, reason);
        }
    }

    /// What the pool of this runtime knows, if there is one.
    pub(super) fn state_here(&self) -> Option<Reachability> {
        let pool = self.find(Handle::try_current().ok()?.id())?;
        match pool.phase() {
            Phase::Connecting => None,
            Phase::Up => Some(Reachability::Reachable),
            Phase::Down | Phase::Dead => Some(Reachability::Unreachable),
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.pools.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn find(&self, id: Id) -> Option<Arc<Pool>> {
        let pools = self.pools.read().unwrap_or_else(PoisonError::into_inner);
        pools.iter().find(|pool| pool.runtime == id).cloned()
    }

    fn open(&self, handle: &Handle, id: Id) -> Arc<Pool> {
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.iter().find(|pool| pool.runtime == id) {
            return pool.clone();
        }
        // The ids of runtimes are never used twice, so the dead may go.
        pools.retain(|pool| pool.phase() != Phase::Dead);
        let (link, seen) = watch::channel(Link {
            phase: Phase::Connecting,
            generation: 0,
            since: self.report.moment(),
            connections: Vec::new(),
        });
        let pool = Arc::new(Pool {
            runtime: id,
            link,
            turn: AtomicUsize::new(0),
            reads: Batch::default(),
            report: self.report.clone(),
        });
        if timers::available() {
            let endpoint = self.endpoint.clone();
            let task =
                supervisor::supervise(Arc::downgrade(&pool), endpoint, self.report.clone(), seen);
            drop(handle.spawn(task));
        } else {
            self.report.lost(Moment::MAX, "this Tokio runtime was built without `enable_all`");
            pool.die();
        }
        pools.push(pool.clone());
        pool
    }
}
