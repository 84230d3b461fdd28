//! Reading one value; and one that was not read in time before.

use super::harmful::TIMES;
use super::link::node::Node;
use super::refusal::Asked;
use super::scripts::Scripts;
use crate::error::Error;
use crate::key::whole::Key;
use crate::store::{Bytes, Found, Read, Want};
use redis::Value;
use std::time::{Duration, Instant};

/// The least size of a value that may take longer to be read than a call waits.
const LONG: usize = 4 << 10;

impl Node {
    /// Reads the value of `key`, together with others where others read as well; where that is wanted also what it has left, and the tokens of its tags.
    // Not an `async fn`, whose future holds its arguments twice.
    #[allow(clippy::manual_async_fn)]
    pub(super) fn read<'s>(
        &'s self,
        scripts: &'s Scripts,
        key: &'s Key,
        want: Want,
        tags: &'s [Key],
        within: Duration,
    ) -> impl Future<Output = Result<Read, Error>> + Send + 's {
        async move {
            if !tags.is_empty() {
                // In a box: a key without tags does not pay for the room that it needs.
                return Box::pin(self.read_with_tags(scripts, key, want, tags, within)).await;
            }
            let (found, generation) = match want {
                Want::Value { about } => {
                    let (bytes, generation) = self.get(key.whole(), about, within).await?;
                    (bytes.map(|bytes| Found::plain(Bytes::Own(bytes))), generation)
                }
                Want::Life => {
                    let keys = [key.whole()];
                    self.run_by(&scripts.read, &keys, &[], Asked::Look, within, value_and_life)
                        .await?
                }
            };
            Ok(Read { found, generation })
        }
    }

    /// Reads a value that was not read in time before. Asks first how long it is, which any server
    /// that is well says at once: one above the bound is not fetched, and of any other it is known
    /// by now whether it is to blame.
    pub(super) async fn read_suspect(
        &self,
        scripts: &Scripts,
        key: &Key,
        want: Want,
        tags: &[Key],
        within: Duration,
    ) -> Result<Read, Error> {
        let begun = Instant::now();
        let length = match self.length(key.whole(), within).await {
            // Who may not ask finds out by reading.
            Err(Error::Refused(_)) => LONG,
            length => length?,
        };
        let blame = || {
            if self.harmful.harmed(key.whole(), TIMES) {
                self.report.leaves_alone(key.whole());
            }
        };
        if length > self.most() {
            blame();
            return Err(Error::Unavailable);
        }
        let want = match want {
            // A long one goes alone, so that nobody else waits for it.
            Want::Value { .. } => Want::Value { about: length.saturating_add(1) },
            Want::Life => want,
        };
        let asked = begun.elapsed();
        let read = self.read(scripts, key, want, tags, within.saturating_sub(asked)).await;
        match &read {
            Ok(read) => self.harmful.acquit(key.whole(), read.found.is_some()),
            // Others wait behind the one that is to blame; and a server that was slow to say the
            // length may be slow for reasons of its own.
            Err(Error::Timeout) if length >= LONG && asked < within / 4 => blame(),
            Err(_) => {}
        }
        read
    }
}

/// Reads a value from an answer; `None` where it is none that the command can have.
pub(super) type Reader = fn(Value) -> Option<Option<Found>>;

/// The answer of `GET`.
pub(super) fn value(reply: Value) -> Option<Option<Found>> {
    match reply {
        Value::Nil => Some(None),
        Value::BulkString(bytes) => Some(Some(Found::plain(Bytes::Own(bytes)))),
        _ => None,
    }
}

/// A value with what is left of its life; none if that has no end.
pub(super) fn value_and_life(reply: Value) -> Option<Option<Found>> {
    let parts = match reply {
        Value::Nil => return Some(None),
        Value::Array(parts) => parts,
        _ => return None,
    };
    let [Value::BulkString(bytes), Value::Int(left)] = <[Value; 2]>::try_from(parts).ok()? else {
        return None;
    };
    let left = u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis);
    Some(left.map(|left| Found { left: Some(left), ..Found::plain(Bytes::Own(bytes)) }))
}
