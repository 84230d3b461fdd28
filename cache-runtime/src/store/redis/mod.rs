//! Redis behind the [`Store`] contract: a thin layer over multiplexed connections.
//!
//! - [`exchange`]: one command and its answer;
//! - [`pool`]: a few connections per Tokio runtime, and whether they are any good now;
//! - [`supervisor`]: the task that connects, probes and reconnects, so that no caller does;
//! - [`way`]: how a command gets there; [`batch`]: reads that go together;
//! - [`refusal`]: what an error means; [`report`]: what operators read about it;
//! - [`scripts`]: what is atomic and more than one command; [`info`]: the server's own figures.

mod batch;
mod exchange;
mod info;
mod pool;
mod refusal;
mod report;
mod scripts;
mod supervisor;
#[cfg(test)]
mod tests;
mod way;

use super::{
    Acquired, Act, Ask, Bytes, Cursor, Found, Life, Reachability, Read, Store, Token, Want,
};
use crate::error::Error;
use crate::figures::stats::BreakerState;
use crate::figures::stats::ServerInfo;
use crate::key::whole::Key;
use crate::store::breaker::Breaker;
use pool::Pools;
use redis::{Cmd, ConnectionInfo, Value};
use refusal::Asked;
use report::Report;
use scripts::Scripts;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use supervisor::Endpoint;
use tokio::sync::Notify;

/// Keys removed, or leases renewed, by one command, so that no single command keeps the server from others for long.
const KEYS_PER_COMMAND: usize = 512;
/// Keys that one `SCAN` looks at.
const KEYS_PER_SCAN: u32 = 512;
/// The longest life that is asked of Redis, ten years: beyond that `PX` overflows.
const LONGEST_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// The store in Redis. It connects on first use, and reconnects in the background for ever.
pub(crate) struct RedisStore {
    pools: Pools,
    report: Arc<Report>,
    /// Opens while the server refuses to be written to; reads go on.
    writes: Breaker,
    scripts: Box<Scripts>,
    /// How many callers read now.
    readers: AtomicUsize,
}

impl RedisStore {
    /// A store for the keys under `prefix`, with so many connections per runtime. No I/O.
    pub(crate) fn new(
        server: ConnectionInfo,
        prefix: &str,
        connections: usize,
    ) -> Result<Self, Error> {
        let report = Arc::new(Report::new(&server));
        let endpoint = Endpoint::new(server, prefix, connections)?;
        Ok(Self {
            pools: Pools::new(Arc::new(endpoint), report.clone()),
            report,
            writes: Breaker::new(),
            scripts: Box::new(Scripts::new()),
            readers: AtomicUsize::new(0),
        })
    }

    pub(crate) fn reconnects(&self) -> u64 {
        self.report.reconnects()
    }

    pub(crate) fn on_reconnect(&self, wake: &Arc<Notify>) {
        self.report.on_reconnect(wake);
    }

    /// Open while commands are not sent at all, or while writes are suspended.
    pub(crate) fn breaker_state(&self) -> BreakerState {
        match self.reachability() {
            Reachability::Unreachable => BreakerState::Open,
            Reachability::Untried | Reachability::Reachable => self.writes.state(),
        }
    }
}

/// A life as Redis counts it; `None` for one too short to be one.
fn millis(life: Duration) -> Option<u64> {
    u64::try_from(life.min(LONGEST_LIFE).as_millis()).ok().filter(|millis| *millis > 0)
}

impl Store for RedisStore {
    async fn read(&self, key: &Key, want: Want, within: Duration) -> Result<Read, Error> {
        let key = key.whole();
        let (found, generation) = match want {
            Want::Value => {
                let mut command = Cmd::with_capacity(2, key.len() + 3);
                command.arg("GET").arg(key);
                self.ask_by(command, Asked::Read, within, value).await?
            }
            Want::Life => {
                let script = &self.scripts.read;
                self.run_by(script, &[key], &[], Asked::Other, within, value_and_life).await?
            }
        };
        Ok(Read { found, generation })
    }

    async fn acquire(
        &self,
        key: &Key,
        ask: Ask,
        token: &Token,
        life: Duration,
        within: Duration,
    ) -> Result<Acquired, Error> {
        let (lease, token, life) = (key.lease(), token.as_bytes(), millis(life).unwrap_or(1));
        if ask == Ask::Force {
            let mut command = redis::cmd("SET");
            command.arg(lease).arg(token).arg("PX").arg(life);
            let taken = |reply| matches!(reply, Value::Okay).then_some(Acquired::Ours);
            return self.write(self.ask(command, Asked::Write, within, taken)).await;
        }
        let (keys, life) = ([key.whole(), &lease], life.to_string());
        let mut arguments = vec![token, life.as_bytes()];
        let above;
        let (script, found): (_, Reader) = match ask {
            Ask::Above(least) => {
                // Rounded up: what is not more than it by a whole millisecond is not more.
                let least = millis(least.saturating_add(Duration::from_nanos(999_999)));
                above = least.unwrap_or(0).to_string();
                arguments.push(above.as_bytes());
                (&self.scripts.acquire_above, value_and_life)
            }
            Ask::IfAbsent | Ask::Force => (&self.scripts.acquire, value),
        };
        let acquired = |reply| match reply {
            Value::Int(1) => Some(Acquired::Ours),
            Value::Int(0) => Some(Acquired::Theirs),
            reply => found(reply)?.map(Acquired::Found),
        };
        self.write(self.run(script, &keys, &arguments, Asked::Write, within, acquired)).await
    }

    async fn settle(
        &self,
        key: &Key,
        token: &Token,
        act: Act<'_>,
        within: Duration,
    ) -> Result<bool, Error> {
        let (lease, token) = (key.lease(), token.as_bytes());
        let keys = [key.whole(), &lease];
        match act {
            Act::Fill(value, ttl) => {
                let Some(ttl) = millis(ttl) else {
                    return self.settle_by(&self.scripts.release, &keys, &[token], within).await;
                };
                let ttl = ttl.to_string();
                let arguments = [token, value, ttl.as_bytes()];
                self.write(self.settle_by(&self.scripts.fill, &keys, &arguments, within)).await
            }
            Act::Discard => self.settle_by(&self.scripts.discard, &keys, &[token], within).await,
            Act::Release => self.settle_by(&self.scripts.release, &keys, &[token], within).await,
        }
    }

    async fn renew(
        &self,
        leases: &[(Key, Token)],
        life: Duration,
        within: Duration,
    ) -> Result<(), Error> {
        let life = millis(life).unwrap_or(1).to_string();
        for batch in leases.chunks(KEYS_PER_COMMAND) {
            let keys: Vec<_> = batch.iter().map(|(key, _)| key.lease()).collect();
            let tokens = batch.iter().map(|(_, token)| token.as_bytes());
            let arguments: Vec<_> = std::iter::once(life.as_bytes()).chain(tokens).collect();
            let renewed = |reply| matches!(reply, Value::Int(_)).then_some(());
            self.run(&self.scripts.renew, &keys, &arguments, Asked::Other, within, renewed).await?;
        }
        Ok(())
    }

    async fn remove(&self, keys: &[Key], within: Duration) -> Result<u64, Error> {
        // Whatever the state of `writes`: a full Redis refuses SET but allows this.
        let begun = self.report.now();
        let mut removed = 0;
        for batch in keys.chunks(KEYS_PER_COMMAND) {
            let left = within.saturating_sub(self.report.now().saturating_sub(begun));
            let leases: Vec<_> = batch.iter().map(Key::lease).collect();
            let pairs = batch.iter().zip(&leases);
            let keys: Vec<_> = pairs.flat_map(|(key, lease)| [key.whole(), lease]).collect();
            let count = |reply| match reply {
                Value::Int(count) => u64::try_from(count).ok(),
                _ => None,
            };
            removed +=
                self.run(&self.scripts.remove, &keys, &[], Asked::Other, left, count).await?;
        }
        Ok(removed)
    }

    async fn life(&self, key: &Key, within: Duration) -> Result<Life, Error> {
        let mut command = redis::cmd("PTTL");
        command.arg(key.whole());
        self.ask(command, Asked::Other, within, |reply| match reply {
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
        self.ask(command, Asked::Other, within, page).await
    }

    async fn ping(&self, within: Duration) -> Result<(), Error> {
        let command = redis::cmd("PING");
        self.ask(command, Asked::Other, within, |reply| match reply {
            Value::SimpleString(text) if text == "PONG" => Some(()),
            _ => None,
        })
        .await
    }

    async fn info(&self, within: Duration) -> Result<ServerInfo, Error> {
        let command = redis::cmd("INFO");
        match self.ask(command, Asked::Other, within, info::read).await {
            // An ACL that does not let us look is no fault of the cache.
            Err(Error::Refused(code)) if code == "NOPERM" => Ok(ServerInfo::default()),
            other => other,
        }
    }

    fn reachability(&self) -> Reachability {
        self.pools.state_here().unwrap_or_else(|| self.report.reachability())
    }
}

/// Reads a value from an answer; `None` where it is none that the command can have.
type Reader = fn(Value) -> Option<Option<Found>>;

/// The answer of `GET`.
fn value(reply: Value) -> Option<Option<Found>> {
    match reply {
        Value::Nil => Some(None),
        Value::BulkString(bytes) => Some(Some(Found { bytes: Bytes::Own(bytes), left: None })),
        _ => None,
    }
}

/// A value with what is left of its life; none if that has no end.
fn value_and_life(reply: Value) -> Option<Option<Found>> {
    let parts = match reply {
        Value::Nil => return Some(None),
        Value::Array(parts) => parts,
        _ => return None,
    };
    let [Value::BulkString(bytes), Value::Int(left)] = <[Value; 2]>::try_from(parts).ok()? else {
        return None;
    };
    let left = u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis);
    Some(left.map(|left| Found { bytes: Bytes::Own(bytes), left: Some(left) }))
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
            .field("server", &self.report.server())
            .field("reachability", &self.reachability())
            .field("writes", &self.writes.state())
            .finish()
    }
}
