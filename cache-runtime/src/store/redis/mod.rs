//! Redis behind the [`Store`] contract: a thin layer over multiplexed connections.
//!
//! - [`cluster`]: many servers instead of one;
//! - [`exchange`]: one command and its answer; [`get`]: the command that reads a value; [`sent_on`]: those of a
//!   cluster that go from node to node;
//! - [`reading`]: one value; [`leases`]: who may store one; [`keys`]: whatever a key holds; [`harmful`]: keys that are
//!   left alone;
//! - [`link`]: the connections, and all that is known of the servers behind them;
//! - [`refusal`]: what an error means; [`report`]: what operators read about it;
//! - [`scripts`]: what is atomic and more than one command; [`hashed`]: how that is sent; [`tagged`]: keys with tags; [`info`]: the server's own figures.

mod cluster;
mod exchange;
mod get;
mod harmful;
mod hashed;
mod info;
mod keys;
mod late;
mod leases;
mod link;
mod reading;
mod refusal;
mod report;
mod scripts;
mod sent_on;
mod tagged;
#[cfg(test)]
mod tests;

use super::log::Mark;
use super::tag::{TagToken, Tokens};
use super::{
    Acquired, Act, Claim, Cursor, Event, Life, Question, Reachability, Read, Store, Tagging,
    ToKeep, Token,
};
use crate::boxed::boxed;
use crate::config::{Place, Server};
use crate::error::Error;
use crate::figures::stats::BreakerState;
use crate::figures::stats::ServerInfo;
use crate::key::whole::Key;
use crate::l1::L1;
use cluster::Cluster;
use harmful::TIMES;
use link::node::Node;
use link::readers::Reading;
use scripts::Scripts;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Room for what stands before a value, and for what the server says of itself.
const BESIDE: usize = 1 << 20;

/// The store in Redis. It connects on first use, and reconnects in the background for ever.
pub(crate) struct RedisStore {
    servers: Servers,
    scripts: Box<Scripts>,
}

/// Where the keys are.
#[allow(clippy::large_enum_variant)] // there is one for each cache, and no way around to be gone
enum Servers {
    /// All on one.
    One(Node),
    /// Each slot of them on one of many.
    Many(Arc<Cluster>),
}

/// The same of one server and of many. What is asked of many is in a box: it needs more room, which the
/// future of every call would have.
macro_rules! both {
    ($self:ident, $server:ident => $call:expr) => {
        match &$self.servers {
            Servers::One($server) => $call,
            Servers::Many($server) => $call,
        }
    };
    ($self:ident, $server:ident => await $call:expr) => {
        match &$self.servers {
            Servers::One($server) => $call.await,
            Servers::Many($server) => boxed(|| $call).await,
        }
    };
}

impl RedisStore {
    /// A store for the keys under `prefix`, with so many connections per runtime and server. No I/O.
    pub(crate) fn new(server: impl Into<Server>, prefix: &str, connections: usize) -> Self {
        let server = server.into();
        let servers = match &server.place {
            Place::Cluster(_) => Servers::Many(Cluster::new(server, prefix, connections)),
            _ => Servers::One(Node::new(server, prefix, connections)),
        };
        Self { servers, scripts: Box::new(Scripts::new()) }
    }

    /// The same, of which no value of more bytes is read.
    pub(crate) fn reading_at_most(self, most: usize) -> Self {
        both!(self, servers => servers.reads_at_most(most.saturating_add(BESIDE)));
        self
    }

    /// Has values of up to so many bytes read, for a function that says so.
    pub(crate) fn reads_up_to(&self, most: usize) {
        both!(self, servers => servers.reads_up_to(most.saturating_add(BESIDE)));
    }

    /// Leaves `key` alone for a while: its value is larger than who asks for it wants.
    pub(crate) fn leave_alone(&self, key: &Key) {
        match &self.servers {
            Servers::One(node) => drop(node.harmful.harmed(key.whole(), TIMES)),
            Servers::Many(cluster) => cluster.leave_alone(key),
        }
    }

    /// While what it answers lives, somebody reads: those who come then join one another.
    pub(crate) fn together(&self) -> impl Send + use<'_> {
        match &self.servers {
            Servers::One(node) => (Some(Reading::begin(node).0), None),
            Servers::Many(cluster) => (None, Some(cluster.together())),
        }
    }

    /// Has `l1` told of what changes in that which was read for it; `without`: where nothing tells,
    /// functions may say for how long what was read is good.
    pub(crate) fn track(&mut self, l1: Arc<L1>, without: bool) {
        match &mut self.servers {
            Servers::One(node) => node.track(l1, without),
            Servers::Many(cluster) => cluster.track(l1, without),
        }
    }

    /// There are functions that keep what they read: its operators are told what the server lacks for
    /// these.
    pub(crate) fn serves_l1(&self) {
        both!(self, servers => servers.serves_l1());
    }

    /// How often connections were made again that had been lost.
    pub(crate) fn reconnects(&self) -> u64 {
        both!(self, servers => servers.reconnects())
    }

    /// Why the server is out of reach, if it is.
    pub(crate) fn outage(&self) -> Option<String> {
        both!(self, servers => servers.outage())
    }

    /// Has `listener` told, at once, of what happens to the connections.
    pub(crate) fn listen(&self, listener: impl Fn(Event) + Send + Sync + 'static) {
        both!(self, servers => servers.listen(listener));
    }

    /// Open while commands are not sent at all, or while writes are suspended.
    pub(crate) fn breaker_state(&self) -> BreakerState {
        both!(self, servers => servers.breaker_state())
    }

    /// Keys of one place have one fate; what becomes of those of another may be different.
    pub(crate) fn place(&self, key: &Key) -> usize {
        match &self.servers {
            Servers::One(_) => 0,
            Servers::Many(cluster) => cluster.place(key),
        }
    }

    #[cfg(test)]
    fn one(&self) -> &Node {
        match &self.servers {
            Servers::One(node) => node,
            Servers::Many(_) => panic!("it is a cluster"),
        }
    }
}

impl Store for RedisStore {
    // Not an `async fn`, whose future holds its arguments twice.
    #[allow(clippy::manual_async_fn)]
    fn read(&self, question: &Question<'_>) -> impl Future<Output = Result<Read, Error>> + Send {
        async move { both!(self, servers => await servers.read(&self.scripts, question)) }
    }

    async fn acquire(
        &self,
        key: &Key,
        claim: &Claim<'_>,
        within: Duration,
    ) -> Result<Acquired, Error> {
        both!(self, servers => await servers.give_lease(&self.scripts, key, claim, within))
    }

    async fn seed(
        &self,
        tagging: &Tagging<'_>,
        mark: &Mark,
        within: Duration,
    ) -> Result<Option<Vec<TagToken>>, Error> {
        both!(self, servers => await servers.seed_own(&self.scripts, tagging, mark, within))
    }

    async fn soften(&self, tags: &[Key], within: Duration) -> Result<u64, Error> {
        both!(self, servers => await servers.soften(&self.scripts, tags, within))
    }

    async fn tokens(&self, tags: &[Key], within: Duration) -> Result<Tokens, Error> {
        both!(self, servers => await servers.tokens(tags, within))
    }

    async fn tokens_beside(
        &self,
        tags: &[Key],
        to_keep: &mut Option<Box<ToKeep>>,
        within: Duration,
    ) -> Result<Tokens, Error> {
        let Some(mut read) = to_keep.take() else { return self.tokens(tags, within).await };
        let (tokens, apart) = both!(self, servers => await servers.tokens_to_keep(tags, within))?;
        *to_keep = apart.and_then(|apart| read.with(apart).then_some(read));
        Ok(tokens)
    }

    async fn settle(
        &self,
        key: &Key,
        token: &Token,
        act: Act<'_>,
        within: Duration,
    ) -> Result<bool, Error> {
        both!(self, servers => await servers.settle_lease(&self.scripts, key, token, act, within))
    }

    async fn renew(
        &self,
        leases: &[(Key, Token)],
        life: Duration,
        within: Duration,
    ) -> Result<(), Error> {
        both!(self, servers => await servers.renew(&self.scripts, leases, life, within))
    }

    async fn remove(&self, keys: &[Key], within: Duration) -> Result<u64, Error> {
        both!(self, servers => await servers.remove(&self.scripts, keys, within))
    }

    async fn life(&self, key: &Key, within: Duration) -> Result<Life, Error> {
        both!(self, servers => await servers.life(key, within))
    }

    async fn scan(
        &self,
        pattern: &str,
        from: Option<&Cursor>,
        within: Duration,
    ) -> Result<(Vec<String>, Option<Cursor>), Error> {
        both!(self, servers => await servers.scan(pattern, from, within))
    }

    async fn ping(&self, within: Duration) -> Result<(), Error> {
        both!(self, servers => await servers.ping(within))
    }

    async fn info(&self, within: Duration) -> Result<ServerInfo, Error> {
        both!(self, servers => await servers.info(within))
    }

    fn reachability(&self) -> Reachability {
        both!(self, servers => servers.reachability())
    }

    fn reachability_of(&self, key: &Key) -> Reachability {
        match &self.servers {
            Servers::One(node) => node.reachability(),
            Servers::Many(cluster) => cluster.reachability_of(key.slot()),
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RedisStore");
        match &self.servers {
            Servers::One(node) => debug.field("server", node),
            Servers::Many(cluster) => debug.field("server", cluster),
        };
        debug.finish()
    }
}
