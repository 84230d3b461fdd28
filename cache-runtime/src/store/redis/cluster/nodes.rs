//! The nodes of a cluster.

use super::topology::Topology;
use crate::config::{Place, Server};
use crate::l1::L1;
use crate::store::Event;
use crate::store::redis::link::events::Events;
use crate::store::redis::link::map::Range;
use crate::store::redis::link::node::{Directory, Node};
use crate::store::redis::link::readers::OwnReading;
use crate::store::redis::link::redirect::Redirect;
use crate::store::redis::report::Report;
use redis::ConnectionAddr;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use tokio::sync::{Notify, watch};

/// Whether it is known which nodes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// They are being asked for the first time; what callers wait for.
    Asking,
    /// For ever, though not to the last slot.
    Yes,
    /// Nobody has answered yet.
    No,
}

/// A Redis cluster.
pub(crate) struct Cluster {
    /// Who we are to each of its nodes.
    server: Server,
    /// Those that the configuration names.
    pub(super) seeds: Vec<ConnectionAddr>,
    prefix: Box<str>,
    connections: usize,
    map: RwLock<Topology<Arc<Node>>>,
    pub(super) known: watch::Sender<Known>,
    /// Told when the map is to be asked for.
    pub(super) doubts: Arc<Notify>,
    events: Arc<Events>,
    /// What is known of the cluster as a whole.
    pub(super) report: Report,
    /// How many bytes of one value are read.
    most: AtomicUsize,
    /// Whether there is a task that asks for the map.
    pub(super) started: AtomicBool,
    /// It was said that a node cannot be reached where the others say that it is.
    pub(super) astray: AtomicBool,
    /// What is told of what changes in that which was read for it, and whether functions may say for
    /// how long that is good where nothing tells.
    tracking: OnceLock<(Arc<L1>, bool)>,
    serves_l1: AtomicBool,
    pub(super) this: Weak<Self>,
}

impl Cluster {
    /// The cluster of which `server` names some nodes, with so many connections to each of them, per
    /// runtime. No I/O.
    pub(crate) fn new(server: Server, prefix: &str, connections: usize) -> Arc<Self> {
        let seeds = match &server.place {
            Place::Cluster(seeds) => seeds.clone(),
            _ => Vec::new(),
        };
        let cluster = Arc::new_cyclic(|this| Self {
            report: Report::new(server.address()),
            server,
            seeds,
            prefix: prefix.into(),
            connections,
            map: RwLock::new(Topology::new()),
            known: watch::Sender::new(Known::Asking),
            doubts: Arc::default(),
            events: Arc::default(),
            most: AtomicUsize::new(usize::MAX),
            started: AtomicBool::new(false),
            astray: AtomicBool::new(false),
            tracking: OnceLock::new(),
            serves_l1: AtomicBool::new(false),
            this: this.clone(),
        });
        let doubts = cluster.doubts.clone();
        cluster.listen(move |event| {
            // A node that was lost may have a successor.
            if event == Event::Lost {
                doubts.notify_one();
            }
        });
        cluster
    }

    /// Has `l1` told of what changes in that which is read for it from nodes that are made from now on.
    pub(crate) fn track(&self, l1: Arc<L1>, without: bool) {
        let _ = self.tracking.set((l1, without));
    }

    /// There are functions that keep what they read from these.
    pub(crate) fn serves_l1(&self) {
        self.serves_l1.store(true, Ordering::Release);
    }

    /// From now on no value of more bytes is read.
    pub(crate) fn reads_at_most(&self, most: usize) {
        self.most.store(most, Ordering::Release);
        self.map().nodes().for_each(|node| node.reads_at_most(most));
    }

    /// Has values of up to so many bytes read.
    pub(crate) fn reads_up_to(&self, most: usize) {
        // Before the nodes, so that one that is made meanwhile knows it.
        if self.most.fetch_max(most, Ordering::AcqRel) < most {
            self.map().nodes().for_each(|node| node.reads_up_to(most));
        }
    }

    /// Has `listener` told of what happens to the connections, of whichever node and runtime. That a
    /// node has a successor is the same as that connections were made again: what was written last
    /// may be lost.
    pub(crate) fn listen(&self, listener: impl Fn(Event) + Send + Sync + 'static) {
        self.events.listen(Box::new(listener));
    }

    /// How often connections were made again that had been lost, or a node had a successor.
    pub(crate) fn reconnects(&self) -> u64 {
        self.events.regained()
    }

    /// The node that has `slot`, if that is known.
    pub(super) fn owner(&self, slot: u16) -> Option<Arc<Node>> {
        self.map().owner(slot).cloned()
    }

    /// The nodes that have slots.
    pub(super) fn primaries(&self) -> Vec<Arc<Node>> {
        self.map().primaries().map(|(_, node)| node.clone()).collect()
    }

    /// The node at an address that reads like this.
    pub(super) fn named(&self, address: &str) -> Option<Arc<Node>> {
        self.map().named(address).cloned()
    }

    /// While what it answers lives, somebody reads from every node.
    pub(crate) fn together(&self) -> impl Send + use<> {
        self.map().nodes().cloned().map(OwnReading::begin).collect::<Vec<_>>()
    }

    /// Their addresses, and what is known of each.
    pub(super) fn addresses(&self) -> Vec<(ConnectionAddr, Arc<Node>)> {
        let map = self.map();
        map.primaries().map(|(address, node)| (address.clone(), node.clone())).collect()
    }

    /// Whether every slot has a node.
    pub(super) fn is_whole(&self) -> bool {
        self.map().is_whole()
    }

    /// Takes over what a node says of all slots.
    pub(super) fn learn(&self, ranges: &[Range]) {
        let (losers, left) = {
            let mut map = self.map_to_change();
            (map.losers(ranges), map.learn(ranges, |address| self.make(address)))
        };
        // After that, since who reads looks then whether the node still has it.
        losers.iter().for_each(|node| node.owns_less());
        if left {
            self.events.tell(Event::Regained);
        }
    }

    /// Who is at `address`, and who we are to it.
    pub(super) fn member(&self, address: &ConnectionAddr) -> Server {
        self.server.member(address.clone())
    }

    fn make(&self, address: &ConnectionAddr) -> Arc<Node> {
        let this: Weak<dyn Directory> = self.this.clone();
        let node = Node::new(self.member(address), &self.prefix, self.connections);
        node.reads_at_most(self.most.load(Ordering::Acquire));
        let mut node = node.among(this, self.events.clone());
        if let Some((l1, without)) = self.tracking.get() {
            node.track(l1.clone(), *without);
        }
        if self.serves_l1.load(Ordering::Acquire) {
            node.serves_l1();
        }
        Arc::new(node)
    }

    fn map(&self) -> RwLockReadGuard<'_, Topology<Arc<Node>>> {
        self.map.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn map_to_change(&self) -> RwLockWriteGuard<'_, Topology<Arc<Node>>> {
        self.map.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Directory for Cluster {
    fn follow(&self, redirect: &Redirect) -> Option<Arc<Node>> {
        let slot = (!redirect.asking).then_some(redirect.slot);
        let (old, sent) = {
            let mut map = self.map_to_change();
            let old = slot.and_then(|slot| map.owner(slot).cloned());
            (old, map.sent_to(&redirect.to, slot, |address| self.make(address)))
        };
        if let (Some(old), Some(new)) = (old, &sent)
            && !Arc::ptr_eq(&old, new)
        {
            old.owns_less();
        }
        if slot.is_some() {
            // Where one slot has gone, others may have.
            self.doubt();
        }
        sent
    }

    fn doubt(&self) {
        self.doubts.notify_one();
    }

    fn has(&self, address: &ConnectionAddr, slot: u16) -> bool {
        self.map().address(slot) == Some(address)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The task ends with it.
        self.doubts.notify_one();
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("server", &self.server)
            .field("nodes", &self.primaries())
            .finish_non_exhaustive()
    }
}
