//! Reading one value; and one that was not read in time before.

use super::harmful::{Standing, TIMES};
use super::link;
use super::link::node::Node;
use super::refusal::Asked;
use super::scripts::{Hashed, Scripts};
use crate::error::Error;
use crate::key::whole::Key;
use crate::store::{Bytes, Found, Read, ToKeep, Want};
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

    /// Reads the value of `key` and what it has left, so that it can be kept in this process. `None`
    /// where it cannot, and is to be read as any other.
    pub(super) async fn read_to_keep(
        &self,
        with_life: &Hashed,
        key: &Key,
        want: Want,
        within: Duration,
    ) -> Option<Result<(Read, Option<ToKeep>), Error>> {
        let tracked = self.tracked.as_ref()?;
        if self.harmful.standing(key.whole()) != Standing::Innocent {
            return None;
        }
        let begun = Instant::now();
        let read = match tracked.read(key, within).await {
            Some(read) => read,
            None if !tracked.l1.is_untracked() => return None,
            None => {
                let (reading, keys) = (tracked.l1.begin(key), [key.whole()]);
                let left = within.saturating_sub(begun.elapsed());
                let found = self.run(with_life, &keys, &[], Asked::Look, left, any_life).await;
                found.map(|found| (reading, found))
            }
        };
        if matches!(read, Err(Error::Timeout)) {
            self.harmful.suspect(key.whole());
        }
        Some(read.map(|(reading, found)| {
            let left = found.as_ref().and_then(|(_, left)| *left);
            let life = left.filter(|_| want == Want::Life);
            // One that never expires counts as none for who has to know.
            let found = found.filter(|_| want != Want::Life || left.is_some());
            let to_keep = found.as_ref().map(|_| ToKeep { reading, left });
            let found =
                found.map(|(bytes, _)| Found { left: life, ..Found::plain(Bytes::Own(bytes)) });
            (Read { found, generation: 0 }, to_keep)
        }))
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

/// A value with what is left of its life, where that has an end.
fn any_life(reply: Value) -> Option<link::tracked::Found> {
    let parts = match reply {
        Value::Nil => return Some(None),
        Value::Array(parts) => parts,
        _ => return None,
    };
    let [Value::BulkString(bytes), Value::Int(left)] = <[Value; 2]>::try_from(parts).ok()? else {
        return None;
    };
    Some(Some((bytes, u64::try_from(left).ok().map(Duration::from_millis))))
}

/// A value with what is left of its life; none if that has no end.
pub(super) fn value_and_life(reply: Value) -> Option<Option<Found>> {
    let found = any_life(reply)?.and_then(|(bytes, left)| {
        let left = left.filter(|left| !left.is_zero())?;
        Some(Found { left: Some(left), ..Found::plain(Bytes::Own(bytes)) })
    });
    Some(found)
}
