//! Redis behind the [`Store`] contract: a thin layer over multiplexed connections.
//!
//! - [`exchange`]: one command and its answer;
//! - [`reading`]: one value; [`leases`]: who may store one; [`harmful`]: keys that are left alone;
//! - [`link`]: the connections, and all that is known of the servers behind them;
//! - [`refusal`]: what an error means; [`report`]: what operators read about it;
//! - [`scripts`]: what is atomic and more than one command; [`tagged`]: keys with tags; [`info`]: the server's own figures.

mod exchange;
mod harmful;
mod info;
mod late;
mod leases;
mod link;
mod reading;
mod refusal;
mod report;
mod scripts;
mod tagged;
#[cfg(test)]
mod tests;

use super::tag::Tokens;
use super::{Acquired, Act, Claim, Cursor, Event, Life, Reachability, Read, Store, Token, Want};
use crate::config::Server;
use crate::error::Error;
use crate::figures::stats::BreakerState;
use crate::figures::stats::ServerInfo;
use crate::key::whole::Key;
use crate::l1::L1;
use harmful::TIMES;
use link::node::{Node, Reading};
use redis::Value;
use refusal::Asked;
use scripts::Scripts;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Keys removed, or leases renewed, by one command, so that none keeps the server from others for
/// long.
const KEYS_PER_COMMAND: usize = 512;
/// Keys that one `SCAN` looks at.
const KEYS_PER_SCAN: u32 = 512;
/// Room for what stands before a value, and for what the server says of itself.
const BESIDE: usize = 1 << 20;
/// The longest life that is asked of Redis, ten years: beyond that `PX` overflows.
const LONGEST_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// The store in Redis. It connects on first use, and reconnects in the background for ever.
pub(crate) struct RedisStore {
    node: Node,
    scripts: Box<Scripts>,
}

impl RedisStore {
    /// A store for the keys under `prefix`, with so many connections per runtime. No I/O.
    pub(crate) fn new(server: impl Into<Server>, prefix: &str, connections: usize) -> Self {
        let node = Node::new(server.into(), prefix, connections);
        Self { node, scripts: Box::new(Scripts::new()) }
    }

    /// The same, of which no value of more bytes is read.
    pub(crate) fn reading_at_most(self, most: usize) -> Self {
        self.node.reads_at_most(most.saturating_add(BESIDE));
        self
    }

    /// Has values of up to so many bytes read, for a function that says so.
    pub(crate) fn reads_up_to(&self, most: usize) {
        self.node.reads_up_to(most.saturating_add(BESIDE));
    }

    /// Leaves `key` alone for a while: its value is larger than who asks for it wants.
    pub(crate) fn leave_alone(&self, key: &Key) {
        self.node_of(key).harmful.harmed(key.whole(), TIMES);
    }

    /// While what it answers lives, somebody reads: those who come then join one another.
    pub(crate) fn together(&self) -> impl Send + use<'_> {
        Reading::begin(&self.node).0
    }

    /// Has `l1` told of what changes in that which was read for it; `without`: where nothing tells,
    /// functions may say for how long what was read is good.
    pub(crate) fn track(&mut self, l1: Arc<L1>, without: bool) {
        self.node.track(l1, without);
    }

    /// There are functions that keep what they read: its operators are told what the server lacks for
    /// these.
    pub(crate) fn serves_l1(&self) {
        self.node.serves_l1();
    }

    /// How often connections were made again that had been lost.
    pub(crate) fn reconnects(&self) -> u64 {
        self.node.reconnects()
    }

    /// Why the server is out of reach, if it is.
    pub(crate) fn outage(&self) -> Option<String> {
        self.node.outage()
    }

    /// Has `listener` told, at once, of what happens to the connections.
    pub(crate) fn listen(&self, listener: impl Fn(Event) + Send + Sync + 'static) {
        self.node.listen(listener);
    }

    /// Open while commands are not sent at all, or while writes are suspended.
    pub(crate) fn breaker_state(&self) -> BreakerState {
        self.node.breaker_state()
    }

    /// The node that `key` is on.
    fn node_of(&self, _key: &Key) -> &Node {
        &self.node
    }

    /// `all` by the node that the key of each is on.
    fn by_node<'k, T>(
        &self,
        all: &'k [T],
        _key: fn(&T) -> &Key,
    ) -> impl Iterator<Item = (&Node, &'k [T])> {
        std::iter::once((&self.node, all))
    }

    async fn remove_from(&self, node: &Node, keys: &[Key], within: Duration) -> Result<u64, Error> {
        let leases: Vec<_> = keys.iter().map(Key::lease).collect();
        let pairs = keys.iter().zip(&leases);
        let keys: Vec<_> = pairs.flat_map(|(key, lease)| [key.whole(), lease]).collect();
        let count = |reply| match reply {
            Value::Int(count) => u64::try_from(count).ok(),
            _ => None,
        };
        node.run(&self.scripts.remove, &keys, &[], Asked::Change, within, count).await
    }
}

/// A life as Redis counts it; `None` for one too short to be one.
fn millis(life: Duration) -> Option<u64> {
    u64::try_from(life.min(LONGEST_LIFE).as_millis()).ok().filter(|millis| *millis > 0)
}

impl Store for RedisStore {
    // Not an `async fn`, whose future holds its arguments twice.
    #[allow(clippy::manual_async_fn)]
    fn read(
        &self,
        key: &Key,
        want: &Want<'_>,
        within: Duration,
    ) -> impl Future<Output = Result<Read, Error>> + Send {
        async move { self.node_of(key).read(&self.scripts, key, want, within).await }
    }

    async fn acquire(
        &self,
        key: &Key,
        claim: &Claim<'_>,
        within: Duration,
    ) -> Result<Acquired, Error> {
        self.give_lease(key, claim, within).await
    }

    async fn soften(&self, tags: &[Key], within: Duration) -> Result<u64, Error> {
        self.soften_all(tags, within).await
    }

    async fn tokens(&self, tags: &[Key], within: Duration) -> Result<Tokens, Error> {
        self.tokens_of(tags, within).await
    }

    async fn settle(
        &self,
        key: &Key,
        token: &Token,
        act: Act<'_>,
        within: Duration,
    ) -> Result<bool, Error> {
        self.settle_lease(key, token, act, within).await
    }

    async fn renew(
        &self,
        leases: &[(Key, Token)],
        life: Duration,
        within: Duration,
    ) -> Result<(), Error> {
        self.renew_leases(leases, life, within).await
    }

    async fn remove(&self, keys: &[Key], within: Duration) -> Result<u64, Error> {
        // Whatever the state of the breaker: a full Redis refuses SET but allows this.
        let begun = Instant::now();
        let mut removed = 0;
        for (node, keys) in self.by_node(keys, |key| key) {
            for keys in keys.chunks(KEYS_PER_COMMAND) {
                let left = within.saturating_sub(begun.elapsed());
                removed += self.remove_from(node, keys, left).await?;
            }
        }
        Ok(removed)
    }

    async fn life(&self, key: &Key, within: Duration) -> Result<Life, Error> {
        let mut command = redis::cmd("PTTL");
        command.arg(key.whole());
        self.node_of(key)
            .ask(command, Asked::Look, within, |reply| match reply {
                Value::Int(-2) => Some(Life::Absent),
                Value::Int(-1) => Some(Life::Unlimited),
                Value::Int(millis) => {
                    u64::try_from(millis).ok().map(|ms| Life::Remaining(Duration::from_millis(ms)))
                }
                _ => None,
            })
            .await
    }

    async fn scan(
        &self,
        pattern: &str,
        from: Option<&Cursor>,
        within: Duration,
    ) -> Result<(Vec<String>, Option<Cursor>), Error> {
        let mut command = redis::cmd("SCAN");
        command.arg(from.map_or("0", |cursor| cursor.0.as_str()));
        command.arg("MATCH").arg(pattern).arg("COUNT").arg(KEYS_PER_SCAN);
        self.node.ask(command, Asked::Look, within, page).await
    }

    async fn ping(&self, within: Duration) -> Result<(), Error> {
        let command = redis::cmd("PING");
        self.node
            .ask(command, Asked::Look, within, |reply| match reply {
                Value::SimpleString(text) if text == "PONG" => Some(()),
                _ => None,
            })
            .await
    }

    async fn info(&self, within: Duration) -> Result<ServerInfo, Error> {
        let command = redis::cmd("INFO");
        match self.node.ask(command, Asked::Look, within, info::read).await {
            // An ACL that does not let us look is no fault of the cache.
            Err(Error::Refused(code)) if code == "NOPERM" => Ok(ServerInfo::default()),
            other => other,
        }
    }

    fn reachability(&self) -> Reachability {
        self.node.reachability()
    }
}

/// The answer of `SCAN`. Keys that are not UTF-8 cannot be ours and are left out.
fn page(reply: Value) -> Option<(Vec<String>, Option<Cursor>)> {
    let Value::Array(parts) = reply else { return None };
    let [Value::BulkString(cursor), Value::Array(found)] = <[Value; 2]>::try_from(parts).ok()?
    else {
        return None;
    };
    let cursor = String::from_utf8(cursor).ok()?;
    let keys = found.into_iter().filter_map(|key| match key {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        _ => None,
    });
    Some((keys.collect(), (cursor != "0").then_some(Cursor(cursor))))
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("server", &self.node.report.server())
            .field("reachability", &self.reachability())
            .field("writes", &self.node.writes.state())
            .finish()
    }
}
