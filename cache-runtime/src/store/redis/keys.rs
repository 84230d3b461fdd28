//! What is done to keys whatever they hold: removed, asked for their lives, walked over.

use super::link::node::Node;
use super::refusal::Asked;
use super::scripts::Scripts;
use crate::error::Error;
use crate::key::whole::Key;
use crate::store::walk::MOST_PASSES;
use crate::store::{Cursor, Life};
use redis::Value;
use std::time::{Duration, Instant};

/// Keys removed, or leases renewed, by one command, so that none keeps the server from others for
/// long.
pub(super) const KEYS_PER_COMMAND: usize = 512;
/// Where `SCAN` begins, and where it says that it has ended.
pub(super) const BEGINNING: &str = "0";
/// Keys that one `SCAN` looks at.
const KEYS_PER_SCAN: u32 = 512;
/// The longest life that is asked of Redis, a thousand years: `PX` overflows far beyond that. Longer than the
/// longest stale window, so that something is left of it for the time to live.
const LONGEST_LIFE: Duration = Duration::from_secs(1000 * 365 * 24 * 60 * 60);

impl Node {
    /// Whatever the state of the breaker: a full Redis refuses SET but allows this.
    pub(super) async fn remove(
        &self,
        scripts: &Scripts,
        keys: &[Key],
        within: Duration,
    ) -> Result<u64, Error> {
        let (begun, mut removed) = (Instant::now(), 0);
        for keys in keys.chunks(KEYS_PER_COMMAND) {
            let leases: Vec<_> = keys.iter().map(Key::lease).collect();
            let pairs = keys.iter().zip(&leases);
            let pairs = pairs.flat_map(|(key, lease)| [key.whole(), lease]);
            // Tags are logged before they are removed.
            let tags = || keys.iter().filter(|key| key.tag().is_some());
            let log = tags().next().map(Key::log);
            let tags: Vec<_> = tags().map(|tag| tag.whole().as_bytes()).collect();
            let keys: Vec<_> = pairs.chain(log.as_ref().map(Key::whole)).collect();
            let left = within.saturating_sub(begun.elapsed());
            removed += self.run(&scripts.remove, &keys, &tags, Asked::Change, left, count).await?;
        }
        Ok(removed)
    }

    pub(super) async fn life(&self, key: &Key, within: Duration) -> Result<Life, Error> {
        let mut command = redis::cmd("PTTL");
        command.arg(key.whole());
        let life = |reply| match reply {
            Value::Int(-2) => Some(Life::Absent),
            Value::Int(-1) => Some(Life::Unlimited),
            Value::Int(millis) => {
                u64::try_from(millis).ok().map(|ms| Life::Remaining(Duration::from_millis(ms)))
            }
            _ => None,
        };
        self.ask(command, Asked::Look, within, life).await
    }

    /// One page of the keys of this server. Where another connection answers than the one that gave the
    /// cursor, that is perhaps another server, or the same one after a restart, whose cursors are
    /// others: the scan begins again.
    pub(super) async fn scan(
        &self,
        pattern: &str,
        from: Option<&Cursor>,
        within: Duration,
    ) -> Result<(Vec<String>, Option<Cursor>), Error> {
        let mut command = redis::cmd("SCAN");
        command.arg(from.map_or(BEGINNING, |cursor| cursor.at.as_str()));
        command.arg("MATCH").arg(pattern).arg("COUNT").arg(KEYS_PER_SCAN);
        let ((keys, next), generation) = self.ask_by(command, Asked::Look, within, page).await?;
        let again = from.map_or(0, |cursor| cursor.again);
        let in_step = |cursor: &Cursor| cursor.at == BEGINNING || cursor.generation == generation;
        if from.is_none_or(in_step) {
            let on = |at| Cursor { generation, again, ..Cursor::at(at) };
            return Ok((keys, next.map(on)));
        }
        if again + 1 == MOST_PASSES {
            return Err(Error::Unavailable);
        }
        let beginning = Cursor { again: again + 1, ..Cursor::at(BEGINNING.to_owned()) };
        Ok((Vec::new(), Some(beginning)))
    }
}

/// A life as Redis counts it; `None` for one too short to be one.
pub(super) fn millis(life: Duration) -> Option<u64> {
    u64::try_from(life.min(LONGEST_LIFE).as_millis()).ok().filter(|millis| *millis > 0)
}

/// A life as an argument of a script, which has a millisecond at least.
pub(super) fn life_text(life: Duration) -> String {
    millis(life).unwrap_or(1).to_string()
}

/// An answer that says how many there were.
pub(super) fn count(reply: Value) -> Option<u64> {
    match reply {
        Value::Int(count) => u64::try_from(count).ok(),
        _ => None,
    }
}

/// The answer of `SCAN`. Keys that are not UTF-8 cannot be ours and are left out.
fn page(reply: Value) -> Option<(Vec<String>, Option<String>)> {
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
    Some((keys.collect(), (cursor != BEGINNING).then_some(cursor)))
}
