//! `redis-server` processes that are one cluster.

use crate::bus::Bus;
use crate::cluster_builder::ClusterBuilder;
use crate::poll::{DEADLINE, eventually_blocking};
use crate::server::RedisServer;
use crate::view::{Seen, View, views};
use std::time::{Duration, Instant};

/// How many slots all clusters have.
pub const SLOTS: u16 = 16_384;

/// How long Redis tries a failover that it was asked for.
const FAILOVER: Duration = Duration::from_secs(5);

/// Between two looks at all nodes.
const INTERVAL: Duration = Duration::from_millis(20);

/// Some `redis-server`s that are one cluster. By their numbers, the first are those that were
/// primaries at the beginning, and behind them come their replicas in the same order.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) nodes: Vec<RedisServer>,
    /// How many were primaries at the beginning.
    pub(crate) seeds: usize,
    pub(crate) bus: Option<Bus>,
}

impl Cluster {
    /// Three primaries and a replica of each, who soon replace a primary that dies.
    pub fn start() -> Self {
        Self::builder().replicas().start()
    }

    /// Three primaries alone.
    pub fn of_primaries() -> Self {
        Self::builder().node_timeout(Duration::from_secs(5)).start()
    }

    /// What it is to be; three primaries, if nothing else is said.
    pub fn builder() -> ClusterBuilder {
        ClusterBuilder::default()
    }

    /// The URL of a cache, without a password: the first primaries.
    pub fn url(&self) -> String {
        self.url_as("")
    }

    /// The same for whom `login` names: `app:secret@`.
    pub fn url_as(&self, login: &str) -> String {
        let scheme = if self.nodes[0].url().starts_with("rediss") { "rediss" } else { "redis" };
        let seeds: Vec<_> = self.nodes[..self.seeds].iter().map(RedisServer::address).collect();
        format!("{scheme}-cluster://{login}{}", seeds.join(","))
    }

    /// All nodes.
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// One node.
    pub fn node(&self, number: usize) -> &RedisServer {
        &self.nodes[number]
    }

    /// One node, to kill or restart it.
    pub fn node_mut(&mut self, number: usize) -> &mut RedisServer {
        &mut self.nodes[number]
    }

    /// The slot of a key, as Redis has it.
    pub fn slot(&self, key: &str) -> u16 {
        self.any().command(&["CLUSTER", "KEYSLOT", key])
    }

    /// The slots of many keys.
    pub fn slots<K: AsRef<str>>(&self, keys: &[K]) -> Vec<u16> {
        let mut asked = redis::pipe();
        for key in keys {
            asked.cmd("CLUSTER").arg("KEYSLOT").arg(key.as_ref());
        }
        asked.query(&mut self.any().connection().unwrap()).unwrap()
    }

    /// Who has a slot now, by the latest that is known of it to anybody who is up.
    pub fn owner(&self, slot: u16) -> Option<usize> {
        self.owners(&[slot])[0]
    }

    /// The same of many slots.
    pub fn owners(&self, slots: &[u16]) -> Vec<Option<usize>> {
        let seen = views(&self.nodes);
        let owner = |slot: &u16| {
            let claims = seen.iter().flat_map(|(_, view)| &view.nodes);
            // What one says of itself comes first: what others say of it may be older than its epoch.
            let rank = |seen: &&Seen| (seen.is_itself(), seen.epoch);
            let latest = claims.filter(|seen| seen.has(*slot)).max_by_key(rank)?;
            self.nodes.iter().position(|node| latest.port == node.told_port())
        };
        slots.iter().map(owner).collect()
    }

    /// Who has the slot of a key now.
    ///
    /// # Panics
    ///
    /// If nobody has.
    pub fn holder(&self, key: &str) -> usize {
        self.owner(self.slot(key)).expect("nobody has its slot")
    }

    /// Sends a command of the test's own about `key` to who has it.
    ///
    /// # Panics
    ///
    /// If it is refused.
    pub fn command<T: redis::FromRedisValue>(&self, key: &str, command: &[&str]) -> T {
        self.nodes[self.holder(key)].command(command)
    }

    /// The first numbers, from 1, whose `key` a node has: so many of them.
    pub fn numbers(&self, node: usize, count: usize, key: impl Fn(u64) -> String) -> Vec<u64> {
        let mut found = Vec::new();
        let mut next = 1;
        while found.len() < count {
            let some: Vec<u64> = (next..next + 100).collect();
            next += 100;
            assert!(next < 100_000, "node {node} has none of these keys");
            let slots = self.slots(&some.iter().map(|n| key(*n)).collect::<Vec<_>>());
            let own =
                some.iter().zip(self.owners(&slots)).filter(|(_, owner)| *owner == Some(node));
            found.extend(own.map(|(n, _)| *n));
        }
        found.truncate(count);
        found
    }

    /// The primary or the replica of a node, as it was set up.
    pub fn partner(&self, node: usize) -> usize {
        if node < self.seeds { node + self.seeds } else { node - self.seeds }
    }

    /// All keys of all who have slots, but those of leases and of what has ended without a value; sorted.
    pub fn keys(&self) -> Vec<String> {
        let up = self.nodes.iter().filter(|node| node.is_up());
        let primaries = up.filter(|node| node.command::<redis::Value>(&["ROLE"]).is_primary());
        let mut keys: Vec<String> =
            primaries.flat_map(|node| node.command::<Vec<String>>(&["KEYS", "*"])).collect();
        keys.retain(|key| !key.contains(":~lease:") && !key.contains(":~ended:"));
        keys.sort();
        keys
    }

    /// Makes a replica the primary, though nothing is wrong with that one, and waits until it is.
    pub fn failover(&self, replica: usize) {
        let node = &self.nodes[replica];
        let mut asked: Option<Instant> = None;
        eventually_blocking(DEADLINE, || {
            if node.command::<redis::Value>(&["ROLE"]).is_primary() {
                return true;
            }
            // Refused while it is out of touch; and it may come to nothing.
            if asked.is_none_or(|at| at.elapsed() > FAILOVER)
                && node.try_command::<()>(&["CLUSTER", "FAILOVER"]).is_ok()
            {
                asked = Some(Instant::now());
            }
            false
        });
    }

    /// From now on these nodes and the others do not hear from each other, but their clients from all.
    ///
    /// # Panics
    ///
    /// If the cluster is not [`divisible`](ClusterBuilder::divisible).
    pub fn cut_off(&self, nodes: &[usize]) {
        self.bus.as_ref().expect("its network cannot be cut").cut_off(nodes);
    }

    /// Waits until the replica of a primary has all that was written there by now.
    pub fn in_step(&self, primary: usize) {
        let offset = |node: &RedisServer, field: &str| {
            let info: String = node.command(&["INFO", "replication"]);
            let line = info.lines().find_map(|line| line.strip_prefix(field));
            line.and_then(|text| text.parse::<i64>().ok()).unwrap_or(-1)
        };
        let written = offset(&self.nodes[primary], "master_repl_offset:");
        let replica = &self.nodes[self.partner(primary)];
        eventually_blocking(DEADLINE, || offset(replica, "slave_repl_offset:") >= written);
    }

    /// Waits until all who are up agree on who has which slots, everybody of those is there, and
    /// all replicas are in contact with their primaries.
    ///
    /// # Panics
    ///
    /// If it does not come to that; it then says how everybody sees it.
    pub fn settled(&self) {
        let begun = Instant::now();
        while !self.is_settled() {
            if begun.elapsed() > DEADLINE {
                let say = |node: &RedisServer| node.try_command::<String>(&["CLUSTER", "NODES"]);
                let up = self.nodes.iter().filter(|node| node.is_up());
                let said: Vec<_> = up.map(|node| say(node).unwrap_or_default()).collect();
                panic!("the cluster does not come to rest:\n{}", said.join("\n"));
            }
            std::thread::sleep(INTERVAL);
        }
    }

    /// Whether it is as [`settled`](Self::settled) waits for.
    pub fn is_settled(&self) -> bool {
        let up = self.nodes.iter().filter(|node| node.is_up());
        let seen = views(&self.nodes);
        let agree = seen.windows(2).all(|two| two[0].1.slots() == two[1].1.slots());
        let present =
            |port: u16| self.nodes.iter().any(|node| node.told_port() == port && node.is_up());
        let whole = |view: &View| {
            let known = view.nodes.iter().all(|seen| seen.is_well() || !present(seen.port));
            let all_known = view.nodes.len() == self.nodes.len();
            let covered: usize = view.slots().iter().map(|(range, _)| range.len()).sum();
            known && all_known && covered == usize::from(SLOTS)
        };
        let linked = |node: &RedisServer| {
            let info = node.try_command::<String>(&["INFO", "replication"]).unwrap_or_default();
            info.contains("role:master") || info.contains("master_link_status:up")
        };
        let state = |node: &RedisServer| {
            let info = node.try_command::<String>(&["CLUSTER", "INFO"]).unwrap_or_default();
            info.contains("cluster_state:ok")
        };
        seen.len() == up.clone().count()
            && agree
            && seen.iter().all(|(_, view)| whole(view))
            && up.clone().all(|node| linked(node) && state(node))
    }

    fn any(&self) -> &RedisServer {
        self.nodes.iter().find(|node| node.is_up()).expect("no node is up")
    }
}

/// What `ROLE` answers.
trait Role {
    fn is_primary(&self) -> bool;
}

impl Role for redis::Value {
    fn is_primary(&self) -> bool {
        let redis::Value::Array(parts) = self else { return false };
        matches!(parts.first(), Some(redis::Value::BulkString(role)) if role == b"master")
    }
}
