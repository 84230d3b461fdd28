//! One server: its pools, what is said of it, and whether it may be written to. A cluster has many.

use super::endpoint::Endpoint;
use super::events::Events;
use super::leaving::Leaving;
use super::pipeline::{Pipeline, Place};
use super::pool::{Phase, Pool};
use super::push::{Probe, Tracked};
use super::redirect::Redirect;
use super::supervisor;
use super::way::Way;
use crate::config::Server;
use crate::error::Error;
use crate::figures::stats::BreakerState;
use crate::l1::L1;
use crate::store::Event;
use crate::store::Question;
use crate::store::Reachability;
use crate::store::breaker::Breaker;
use crate::store::redis::harmful::Harmful;
use crate::store::redis::report::{Moment, Report};
use crate::sync::{Mutex, lock};
use crate::timers;
use redis::{ConnectionAddr, RedisError};
use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, Weak};
use std::task::Waker;
use std::time::Instant;
use tokio::runtime::{Handle, Id};

/// Where a node of a cluster finds the others.
pub(crate) trait Directory: Send + Sync {
    /// The node that a redirect leads to, which is learnt from it.
    fn follow(&self, redirect: &Redirect) -> Option<Arc<Node>>;

    /// Something was seen that speaks against what is known of the cluster.
    fn doubt(&self);

    /// Whether the node at `address` has `slot`, as far as is known.
    fn has(&self, address: &ConnectionAddr, slot: u16) -> bool;
}

/// One server.
pub(crate) struct Node {
    endpoint: Arc<Endpoint>,
    /// Where the other nodes are, if it has any.
    directory: Option<Weak<dyn Directory>>,
    pub(crate) report: Arc<Report>,
    events: Arc<Events>,
    /// Keys that are left alone.
    pub(crate) harmful: Arc<Harmful>,
    /// Opens while the server refuses to be written to; reads go on.
    pub(crate) writes: Breaker,
    leaving: Mutex<Leaving>,
    /// How many callers read now.
    pub(crate) readers: AtomicUsize,
    /// By which it says what changes, where that is listened to.
    pub(crate) tracked: Option<Arc<Tracked>>,
    /// Hardly ever more than one or two: a look through them beats hashing.
    here: RwLock<Vec<Here>>,
}

/// What one runtime has of a node.
#[derive(Debug)]
struct Here {
    runtime: Id,
    pool: Arc<Pool>,
    pipeline: Arc<Pipeline>,
}

impl Node {
    /// A server with so many connections per runtime. No I/O.
    pub(crate) fn new(server: Server, prefix: &str, connections: usize) -> Self {
        Self {
            report: Arc::new(Report::new(server.address())),
            endpoint: Arc::new(Endpoint::new(server, prefix, connections)),
            directory: None,
            tracked: None,
            events: Arc::default(),
            harmful: Arc::default(),
            writes: Breaker::new(),
            leaving: Mutex::new(Leaving::new()),
            readers: AtomicUsize::new(0),
            here: RwLock::default(),
        }
    }

    /// The same, one of many that are found by `directory` and share the listeners to their events.
    pub(crate) fn among(self, directory: Weak<dyn Directory>, events: Arc<Events>) -> Self {
        Self { directory: Some(directory), events, ..self }
    }

    /// Whether it is one of a cluster's.
    pub(crate) fn is_member(&self) -> bool {
        self.directory.is_some()
    }

    /// Where the other nodes are, if it has any.
    pub(crate) fn directory(&self) -> Option<Arc<dyn Directory>> {
        self.directory.as_ref().and_then(Weak::upgrade)
    }

    /// The node that this error sends its caller to, if it is one of a cluster's that does.
    pub(crate) fn redirect(&self, error: &RedisError) -> Option<Redirect> {
        Redirect::of(error, self.endpoint.member()?)
    }

    /// From now on no value of more bytes is read.
    pub(crate) fn reads_at_most(&self, most: usize) {
        self.endpoint.bound.set(most);
    }

    /// Has values of up to so many bytes read.
    pub(crate) fn reads_up_to(&self, most: usize) {
        self.endpoint.bound.raise(most);
    }

    /// How many bytes of one value are read.
    pub(crate) fn most(&self) -> usize {
        self.endpoint.bound.get()
    }

    /// Has `l1` told of what changes in that which was read for it.
    pub(crate) fn track(&mut self, l1: Arc<L1>, without: bool) {
        let (endpoint, report) = (self.endpoint.clone(), self.report.clone());
        let probe = self.directory.clone().map(|directory| probe(endpoint.clone(), directory));
        let Some(tracked) = Tracked::new(l1, endpoint, report, without, probe) else { return };
        let tracked = Arc::new(tracked);
        // Where other connections lead by now to another server, so is this one to. A node of a
        // cluster is always the same, and the events are those of all.
        if !self.is_member() {
            let leaving = Arc::downgrade(&tracked);
            self.listen(move |event| {
                if event == Event::Regained
                    && let Some(tracked) = leaving.upgrade()
                {
                    tracked.leave();
                }
            });
        }
        self.tracked = Some(tracked);
    }

    /// Slots of it are another one's by now.
    pub(crate) fn owns_less(&self) {
        if let Some(tracked) = &self.tracked {
            tracked.owns_less();
        }
    }

    /// There are functions that keep what they read.
    pub(crate) fn serves_l1(&self) {
        self.endpoint.serves_l1();
    }

    /// Has `listener` told of what happens to the connections, of whichever runtime.
    pub(crate) fn listen(&self, listener: impl Fn(Event) + Send + Sync + 'static) {
        self.events.listen(Box::new(listener));
    }

    /// How often connections were made again that had been lost.
    pub(crate) fn reconnects(&self) -> u64 {
        self.events.regained()
    }

    /// The way for a command from the runtime that this is called on.
    pub(crate) fn way(&self) -> Result<Way, Error> {
        let runtime = Handle::try_current().map_err(|_| Error::Unavailable)?;
        // Nearly every call ends here, without a count of the pool's owners, for which all
        // threads would contend: at 16 callers that costs a tenth.
        if let Some(here) = find(&self.here(), runtime.id()) {
            return Way::by(&here.pool);
        }
        let pool = self.open(&runtime);
        if pool.phase() == Phase::Dead { Err(Error::Unavailable) } else { Ok(Way::Wait(pool)) }
    }

    /// Joins the read of a value to others of this runtime; `None` if it has to go alone.
    pub(crate) fn join(&self, question: &Question<'_>, waker: &Waker) -> Option<Place> {
        let runtime = Handle::try_current().ok()?;
        find(&self.here(), runtime.id())?.pipeline.join(&runtime, question, waker)
    }

    /// The connection of `generation` from here has turned out to be no good.
    pub(crate) fn fail_here(&self, generation: u64, reason: &str) {
        if let Some(pool) = self.pool_here() {
            pool.fail(generation, reason);
        }
    }

    /// The connection of `generation` from here has ended, which may mean nothing: it is replaced,
    /// and that is waited for.
    pub(crate) fn replace_here(&self, generation: u64) {
        if let Some(pool) = self.pool_here() {
            pool.replace(generation);
        }
    }

    /// The server of the connections of `generation` from here says that it is a replica: those of
    /// all runtimes are replaced, if that is not for ever the same.
    pub(crate) fn leave(&self, generation: u64) {
        let current = self.pool_here().and_then(|pool| pool.generation());
        if current != Some(generation)
            || !lock(&self.leaving).leaves(Instant::now(), fastrand::f64())
        {
            return;
        }
        let pools: Vec<_> = self.here().iter().map(|here| here.pool.clone()).collect();
        for pool in pools {
            if let Some(generation) = pool.generation() {
                pool.replace(generation);
            }
        }
    }

    /// What is known of the server from here, and else from anywhere.
    pub(crate) fn reachability(&self) -> Reachability {
        match self.pool_here().map(|pool| pool.phase()) {
            Some(Phase::Up) => Reachability::Reachable,
            Some(Phase::Down | Phase::Dead) => Reachability::Unreachable,
            Some(Phase::Connecting) | None => self.report.reachability(),
        }
    }

    /// Whether any of its connections are being made, again perhaps, or out of use.
    pub(crate) fn is_in_doubt(&self) -> bool {
        let doubtful = |phase| matches!(phase, Phase::Connecting | Phase::Down);
        self.here().iter().any(|here| doubtful(here.pool.phase()))
    }

    /// Why the server is out of reach, if it is.
    pub(crate) fn outage(&self) -> Option<String> {
        self.report.outage()
    }

    /// Open while commands are not sent at all, or while writes are suspended.
    pub(crate) fn breaker_state(&self) -> BreakerState {
        match self.reachability() {
            Reachability::Unreachable => BreakerState::Open,
            Reachability::Untried | Reachability::Reachable => self.writes.state(),
        }
    }

    fn here(&self) -> RwLockReadGuard<'_, Vec<Here>> {
        self.here.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pool_here(&self) -> Option<Arc<Pool>> {
        let runtime = Handle::try_current().ok()?;
        find(&self.here(), runtime.id()).map(|here| here.pool.clone())
    }

    fn open(&self, runtime: &Handle) -> Arc<Pool> {
        let mut all = self.here.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = find(&all, runtime.id()) {
            return here.pool.clone();
        }
        // The ids of runtimes are never used twice, so the dead may go.
        all.retain(|here| here.pool.phase() != Phase::Dead);
        let in_slots = self.is_member();
        let (pool, seen) =
            Pool::new(self.report.clone(), self.events.clone(), self.harmful.clone(), in_slots);
        let pool = Arc::new(pool);
        if timers::available() {
            let (endpoint, report) = (self.endpoint.clone(), self.report.clone());
            let task = supervisor::supervise(Arc::downgrade(&pool), endpoint, report, seen);
            drop(runtime.spawn(task));
        } else {
            self.report.lost(Moment::MAX, "this Tokio runtime was built without `enable_all`");
            pool.die();
        }
        let pipeline = Arc::new(Pipeline::new(pool.clone()));
        all.push(Here { runtime: runtime.id(), pool: pool.clone(), pipeline });
        pool
    }

    #[cfg(test)]
    pub(crate) fn pools(&self) -> usize {
        self.here().len()
    }

    #[cfg(test)]
    pub(crate) fn pipeline_here(&self) -> Arc<Pipeline> {
        find(&self.here(), Handle::current().id()).unwrap().pipeline.clone()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("server", &self.report.server())
            .field("reachability", &self.reachability())
            .field("writes", &self.writes.state())
            .finish_non_exhaustive()
    }
}

fn find(all: &[Here], runtime: Id) -> Option<&Here> {
    all.iter().find(|here| here.runtime == runtime)
}

/// Finds keys of slots that the node of a cluster has; none once it is known that it has lost them.
fn probe(endpoint: Arc<Endpoint>, directory: Weak<dyn Directory>) -> Probe {
    let doubted = directory.clone();
    let key = move || {
        let (directory, address) = (directory.upgrade()?, endpoint.member()?);
        endpoint.probe_of(|slot| directory.has(address, slot))
    };
    let failed = move || {
        if let Some(directory) = doubted.upgrade() {
            directory.doubt();
        }
    };
    Probe { key: Box::new(key), failed: Box::new(failed) }
}
