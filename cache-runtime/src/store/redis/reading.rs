//! Reading one value; and one that was not read in time before.

use super::harmful::{Standing, TIMES};
use super::link;
use super::link::asking::Tracking;
use super::link::node::Node;
use super::link::reads::Brought;
use super::refusal::Asked;
use super::scripts::Scripts;
use crate::boxed::boxed;
use crate::error::Error;
use crate::store::tag::Tokens;
use crate::store::{Bytes, Found, Question, Read, ToKeep, Want};
use redis::Value;
use std::time::{Duration, Instant};

/// The least size of a value that may take longer to be read than a call waits.
const LONG: usize = 4 << 10;

impl Node {
    /// Reads the value of a key, with what is wanted beside it.
    // Not an `async fn`, whose future holds its arguments twice.
    #[allow(clippy::manual_async_fn)]
    pub(super) fn read(
        &self,
        scripts: &Scripts,
        question: &Question<'_>,
    ) -> impl Future<Output = Result<Read, Error>> + Send {
        async move {
            // In boxes: what is rarely needed would be a part of every call's future.
            let read = match self.harmful.standing(question.key.whole()) {
                Standing::Innocent if question.want.keep => {
                    boxed(|| self.read_to_keep(scripts, question)).await
                }
                // As below, but that most reads go on in here.
                Standing::Innocent if question.want.is_plain() => {
                    self.get(question).await.map(plain)
                }
                Standing::Innocent => self.read_innocent(scripts, question).await,
                Standing::Suspect => boxed(|| self.read_suspect(scripts, question)).await,
                Standing::LeftAlone => Err(Error::Unavailable),
            };
            if matches!(read, Err(Error::Timeout)) {
                self.harmful.suspect(question.key.whole());
            }
            read
        }
    }

    /// Reads a value that nothing is known of; a plain one together with others where others read
    /// as well.
    // As above.
    #[allow(clippy::manual_async_fn)]
    fn read_innocent(
        &self,
        scripts: &Scripts,
        question: &Question<'_>,
    ) -> impl Future<Output = Result<Read, Error>> + Send {
        async move {
            let (found, generation) = if !question.want.tags.is_empty() {
                boxed(|| self.read_with_tags(scripts, question)).await?
            } else if question.want.life {
                let (script, keys, within) =
                    (&scripts.read, [question.key.whole()], question.within);
                self.run_by(script, &keys, &[], Asked::Look, within, value_and_life).await?
            } else {
                return self.get(question).await.map(plain);
            };
            Ok(Read { found, to_keep: None, generation })
        }
    }

    /// Reads the value of a key and what it has left, so that it can be kept in this process; as
    /// any other where it cannot.
    async fn read_to_keep(
        &self,
        scripts: &Scripts,
        question: &Question<'_>,
    ) -> Result<Read, Error> {
        let Question { key, want, within } = *question;
        let begun = Instant::now();
        let left = || within.saturating_sub(begun.elapsed());
        let tracked = self.tracked.as_ref();
        let tracks = match tracked {
            Some(tracked) => tracked.read(key, want.tags, within).await,
            None => None,
        };
        let Tracking { reading, noted, brought, age } = match (tracks, tracked) {
            (Some(read), _) => read?,
            // Nobody would say that a tag has changed.
            (None, Some(tracked)) if tracked.is_untracked() && want.tags.is_none() => {
                let (reading, keys) = (tracked.begin_untracked(key), [key.whole()]);
                let read = self.run(&scripts.read, &keys, &[], Asked::Look, left(), any_life);
                let brought = Brought::new(read.await?, Tokens::default());
                Tracking { reading, noted: None, brought, age: Duration::ZERO }
            }
            (None, _) => {
                let question = Question { within: left(), ..*question };
                return self.read_innocent(scripts, &question).await;
            }
        };
        // One that never expires counts as none for who has to know.
        let found = brought.found.as_ref().filter(|(_, left)| !want.life || left.is_some());
        let Some((bytes, left)) = found else { return Ok(Read::of(None)) };
        let to_keep = ToKeep { reading, noted, left: *left };
        let to_keep = brought.is_to_be_kept().then_some(to_keep);
        let left = left.filter(|_| want.life).map(|left| left.saturating_sub(age));
        let bytes = bytes.clone();
        let found = Found { bytes, left, tokens: brought.tokens.clone() };
        Ok(Read { to_keep: to_keep.map(Box::new), ..Read::of(Some(found)) })
    }

    /// Reads a value that was not read in time before. Asks first how long it is, which any server
    /// that is well says at once: one above the bound is not fetched, and of any other it is known
    /// by now whether it is to blame.
    async fn read_suspect(
        &self,
        scripts: &Scripts,
        question: &Question<'_>,
    ) -> Result<Read, Error> {
        let Question { key, want, within } = *question;
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
        // A long one goes alone, so that nobody else waits for it.
        let want = Want { about: length.saturating_add(1), ..want };
        let asked = begun.elapsed();
        let alone = Question { key, want, within: within.saturating_sub(asked) };
        let read = self.read_innocent(scripts, &alone).await;
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

/// A value that was read and nothing beside it, and by which connection.
fn plain((bytes, generation): (Option<Vec<u8>>, u64)) -> Read {
    Read { found: bytes.map(|bytes| Found::plain(Bytes::Own(bytes))), to_keep: None, generation }
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
