//! How a [`Cluster`] comes about.

use crate::builder::RedisServerBuilder;
use crate::bus::Bus;
use crate::cluster::{Cluster, SLOTS};
use crate::poll::{DEADLINE, eventually_blocking};
use crate::program::is_since;
use crate::server::{BUS, RedisServer};
use crate::view::{Seen, View, views};
use std::time::Duration;

/// What a [`Cluster`] is to be.
#[derive(Debug, Clone)]
pub struct ClusterBuilder {
    primaries: usize,
    replicas: bool,
    spares: usize,
    divisible: bool,
    node_timeout: Duration,
    node: RedisServerBuilder,
}

impl ClusterBuilder {
    /// So many primaries instead of three.
    #[must_use]
    pub fn primaries(mut self, primaries: usize) -> Self {
        self.primaries = primaries;
        self
    }

    /// A replica of each primary.
    #[must_use]
    pub fn replicas(mut self) -> Self {
        self.replicas = true;
        self
    }

    /// One more node, the last one, which belongs to it and has no slots.
    #[must_use]
    pub fn spare(mut self) -> Self {
        self.spares = 1;
        self
    }

    /// Each primary answers for its own slots, whatever becomes of the others.
    #[must_use]
    pub fn going_on(self) -> Self {
        self.nodes(|node| node.with_args(&["--cluster-require-full-coverage", "no"]))
    }

    /// The network between its nodes can be cut: [`Cluster::cut_off`]. Since Redis 7.0.
    #[must_use]
    pub fn divisible(mut self) -> Self {
        self.divisible = true;
        self
    }

    /// After so long a silence a node is taken for dead by the others.
    #[must_use]
    pub fn node_timeout(mut self, timeout: Duration) -> Self {
        self.node_timeout = timeout;
        self
    }

    /// More settings of each node: a password, a proxy in front of it, arguments.
    #[must_use]
    pub fn nodes(mut self, settings: impl Fn(RedisServerBuilder) -> RedisServerBuilder) -> Self {
        self.node = settings(self.node);
        self
    }

    /// Starts it, and waits until all nodes agree on who has which slots.
    ///
    /// # Panics
    ///
    /// If they do not in time.
    pub fn start(self) -> Cluster {
        let timeout = self.node_timeout.as_millis().to_string();
        let mut args = vec!["--cluster-node-timeout", &timeout];
        // A test says who is whose replica, and waits for as little as possible.
        args.extend(["--cluster-replica-validity-factor", "0"]);
        args.extend(["--repl-diskless-sync-delay", "0"]);
        if is_since(7, 0) {
            args.extend(["--cluster-allow-replica-migration", "no"]);
        }
        let node = self.node.with_args(&args).in_cluster();
        let replicas = if self.replicas { self.primaries } else { 0 };
        let count = self.primaries + replicas + self.spares;
        let bus = self.divisible.then(|| Bus::start(count));
        let start = |number: usize| match &bus {
            Some(bus) => {
                let node = node.clone().on_bus(bus.port(number), &Bus::address(number)).start();
                bus.lead_to(number, node.direct_port() + BUS);
                node
            }
            None => node.clone().start(),
        };
        let nodes: Vec<_> = (0..count).map(start).collect();
        let cluster = Cluster { nodes, seeds: self.primaries, bus };
        cluster.come_together(self.primaries, replicas);
        cluster
    }
}

impl Default for ClusterBuilder {
    /// Three primaries.
    fn default() -> Self {
        Self {
            primaries: 3,
            replicas: false,
            spares: 0,
            divisible: false,
            node_timeout: Duration::from_secs(1),
            node: RedisServer::builder(),
        }
    }
}

impl Cluster {
    /// Has each primary take its share of the slots, all nodes meet, and each replica find its own.
    fn come_together(&self, primaries: usize, replicas: usize) {
        let share = usize::from(SLOTS).div_ceil(primaries);
        let all: Vec<String> = (0..SLOTS).map(|slot| slot.to_string()).collect();
        for (node, slots) in self.nodes.iter().zip(all.chunks(share)) {
            let mut command = vec!["CLUSTER", "ADDSLOTS"];
            command.extend(slots.iter().map(String::as_str));
            node.command::<()>(&command);
        }
        for (number, node) in self.nodes.iter().enumerate() {
            node.command::<()>(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
        }
        eventually_blocking(DEADLINE, || self.have_met());
        let replicas = &self.nodes[primaries..primaries + replicas];
        for (replica, primary) in replicas.iter().zip(&self.nodes) {
            let id: String = primary.command(&["CLUSTER", "MYID"]);
            // It has to have heard of it.
            eventually_blocking(DEADLINE, || {
                replica.try_command::<()>(&["CLUSTER", "REPLICATE", &id]).is_ok()
            });
        }
        self.settled();
    }

    /// Whether all know each other. Who does not know a node meets it, once more where a busy machine has
    /// kept it from answering in time: then it was forgotten.
    fn have_met(&self) -> bool {
        let views = views(&self.nodes);
        let mut strangers = 0;
        for (number, view) in &views {
            let known =
                |node: &RedisServer| view.nodes.iter().any(|it| it.port == node.told_port());
            for other in self.nodes.iter().filter(|other| !known(other)) {
                strangers += 1;
                let (port, bus) = (other.port().to_string(), other.bus_port().to_string());
                self.nodes[*number].command::<()>(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
            }
        }
        let met = |(_, view): &(usize, View)| view.nodes.iter().all(Seen::is_well);
        strangers == 0 && views.len() == self.nodes.len() && views.iter().all(met)
    }
}
