//! Keys with tags: what is read or asked for together with the tokens of the tags, and the log of
//! invalidated ones.
//!
//! They take messages of their own, and are not joined to those of other callers.

use super::keys::{KEYS_PER_COMMAND, count, life_text};
use super::leases::{named, theirs};
use super::link::node::Node;
use super::refusal::Asked;
use super::scripts::Scripts;
use crate::error::Error;
use crate::key::whole::Key;
use crate::l1::Noted;
use crate::store::log::{Mark, new_epoch};
use crate::store::tag::{TagToken, Tokens, soft_half};
use crate::store::{Acquired, Ask, Bytes, Claim, Found, Question, Tagging};
use redis::{Cmd, Value};
use std::iter::once;
use std::time::{Duration, Instant};

impl Node {
    pub(super) async fn read_with_tags(
        &self,
        scripts: &Scripts,
        question: &Question<'_>,
    ) -> Result<(Option<Found>, u64), Error> {
        let Question { key, want, within } = *question;
        let keys = || once(key).chain(&**want.tags).map(Key::whole);
        if !want.life {
            let found = |reply| {
                let Value::Array(parts) = reply else { return None };
                let mut parts = parts.into_iter();
                Some(match parts.next()? {
                    Value::BulkString(bytes) => {
                        let tokens = tokens(parts)?;
                        Some(Found { tokens, ..Found::plain(Bytes::Own(bytes)) })
                    }
                    Value::Nil => None,
                    _ => return None,
                })
            };
            return self.ask_by(mget(keys()), Asked::Look, within, found).await;
        }
        let found = |reply| match reply {
            Value::Nil => Some(None),
            // Of one that never expires nobody knows how old it is.
            Value::Array(parts) => found(parts).map(|found| found.filter(lives)),
            _ => None,
        };
        let (script, keys) = (&scripts.read_tagged, keys().collect::<Vec<_>>());
        self.run_by(script, &keys, &[], Asked::Look, within, found).await
    }

    pub(super) async fn give_tagged_lease(
        &self,
        scripts: &Scripts,
        key: &Key,
        claim: &Claim<'_>,
        tagged: &Tagging<'_>,
        within: Duration,
    ) -> Result<Acquired, Error> {
        let (lease, ended) = (key.lease(), key.ended());
        let own = [key.whole(), &lease, &ended].into_iter();
        let keys = own.chain(tagged.tags.iter().map(Key::whole));
        let log = tagged.marks.then(|| key.log());
        let keys: Vec<_> = keys.chain(log.as_ref().map(Key::whole)).collect();
        let epoch = match tagged.marks {
            true => new_epoch().ok_or(Error::Unavailable)?.to_string(),
            false => String::new(),
        };
        let (life, lasts) = (life_text(claim.life), life_text(tagged.tags_last()));
        let least = life_text(tagged.fill);
        let seen: &[u8] = match (claim.ask, &tagged.seen) {
            (Ask::Force, _) => b"*",
            (_, Some(seen)) => &seen.0,
            (_, None) => b"",
        };
        let seeds = tagged.seeds.iter().map(TagToken::as_bytes);
        let over: Vec<_> = claim.over.iter().map(named).collect();
        let over = over.iter().map(|over| &**over);
        let arguments = [
            claim.token.as_bytes(),
            life.as_bytes(),
            seen,
            lasts.as_bytes(),
            least.as_bytes(),
            epoch.as_bytes(),
        ];
        let arguments: Vec<_> = arguments.into_iter().chain(seeds).chain(over).collect();
        let acquired = |reply| {
            let Value::Array(mut parts) = reply else { return None };
            if parts.is_empty() {
                return None;
            }
            match parts.remove(0) {
                Value::Int(0) => found(parts)?.map(Acquired::Found),
                Value::Int(1) => theirs(parts),
                Value::Int(2) => {
                    let mut parts = parts.into_iter();
                    let mark = if tagged.marks { Some(mark(&mut parts)?) } else { None };
                    Some(Acquired::Ours { tokens: all_tokens(parts)?, mark })
                }
                _ => None,
            }
        };
        let script = &scripts.acquire_tagged;
        let asked = self.run_by(script, &keys, &arguments, Asked::Write, within, acquired);
        let (mut acquired, generation) = self.write(asked).await?;
        if let Acquired::Ours { mark: Some(mark), .. } = &mut acquired {
            mark.generation = generation;
        }
        Ok(acquired)
    }

    /// The tokens of the tags of what has been computed, and whether one of them was invalidated
    /// meanwhile. In one script, with the log: elsewhere the order is tokens first, then the log, and
    /// the value last.
    pub(super) async fn seed_own(
        &self,
        scripts: &Scripts,
        tagging: &Tagging<'_>,
        mark: &Mark,
        within: Duration,
    ) -> Result<Option<Vec<TagToken>>, Error> {
        let Some(log) = tagging.tags.first().map(Key::log) else { return Ok(Some(Vec::new())) };
        let keys = tagging.tags.iter().chain([&log]).map(Key::whole).collect::<Vec<_>>();
        let (lasts, least) = (life_text(tagging.tags_last()), life_text(tagging.fill));
        let (epoch, place) = (mark.epoch.to_string(), mark.number.to_string());
        let seeds = tagging.seeds.iter().map(TagToken::as_bytes);
        let arguments = [&lasts, &least, &epoch, &place].map(String::as_bytes);
        let arguments: Vec<_> = arguments.into_iter().chain(seeds).collect();
        let seeded = |reply| match reply {
            Value::Int(0) => Some(None),
            Value::Array(parts) => all_tokens(parts).map(Some),
            _ => None,
        };
        let script = &scripts.seed_own;
        let asked = self.run_by(script, &keys, &arguments, Asked::Write, within, seeded);
        let (seeded, generation) = self.write(asked).await?;
        // What another server says of the log is nothing that the mark can be compared with.
        Ok(seeded.filter(|_| generation == mark.generation))
    }

    pub(super) async fn soften(
        &self,
        scripts: &Scripts,
        tags: &[Key],
        within: Duration,
    ) -> Result<u64, Error> {
        let (half, begun) = (soft_half().ok_or(Error::Unavailable)?, Instant::now());
        let mut softened = 0;
        for tags in tags.chunks(KEYS_PER_COMMAND) {
            let log = tags.first().map(Key::log);
            let keys: Vec<_> = tags.iter().chain(&log).map(Key::whole).collect();
            let names = tags.iter().map(|tag| tag.whole().as_bytes());
            let arguments: Vec<_> = once(&half[..]).chain(names).collect();
            let left = within.saturating_sub(begun.elapsed());
            let script = &scripts.soften;
            softened += self.run(script, &keys, &arguments, Asked::Change, left, count).await?;
        }
        Ok(softened)
    }

    pub(super) async fn tokens(&self, tags: &[Key], within: Duration) -> Result<Tokens, Error> {
        let read = |reply| match reply {
            Value::Array(parts) => tokens(parts),
            _ => None,
        };
        self.ask(mget(tags.iter().map(Key::whole)), Asked::Look, within, read).await
    }

    /// The same, and what is to be known so that what has the tags can be kept in this process, if
    /// anybody says what becomes of them.
    pub(super) async fn tokens_to_keep(
        &self,
        tags: &[Key],
        within: Duration,
    ) -> Result<(Tokens, Option<Noted>), Error> {
        let begun = Instant::now();
        if let Some(tracked) = self.tracked_tokens(tags, within).await {
            return tracked.map(|(tokens, noted)| (tokens, Some(noted)));
        }
        Ok((self.tokens(tags, within.saturating_sub(begun.elapsed())).await?, None))
    }

    /// The same; `None` where nobody says it.
    pub(super) async fn tracked_tokens(
        &self,
        tags: &[Key],
        within: Duration,
    ) -> Option<Result<(Tokens, Noted), Error>> {
        self.tracked.as_ref()?.tokens(tags, within).await
    }
}

fn mget<'k>(keys: impl Iterator<Item = &'k str>) -> Cmd {
    let mut command = redis::cmd("MGET");
    for key in keys {
        command.arg(key);
    }
    command
}

/// A value, what is left of its life, and the tokens of its tags.
fn found(parts: Vec<Value>) -> Option<Option<Found>> {
    let mut parts = parts.into_iter();
    let (Value::BulkString(bytes), Value::Int(left)) = (parts.next()?, parts.next()?) else {
        return None;
    };
    let left = u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis);
    Some(Some(Found { bytes: Bytes::Own(bytes), left, tokens: tokens(parts)? }))
}

fn lives(found: &Found) -> bool {
    found.left.is_some()
}

/// Where the log is; the numbers are negative there, to be apart from those of tags.
pub(super) fn mark(mut parts: impl Iterator<Item = Value>) -> Option<Mark> {
    let mut number = || match parts.next()? {
        Value::BulkString(text) => str::from_utf8(&text).ok()?.trim_start_matches('-').parse().ok(),
        _ => None,
    };
    Some(Mark { epoch: number()?, number: number()?, generation: 0 })
}

/// The tokens of tags that all have one.
fn all_tokens(parts: impl IntoIterator<Item = Value>) -> Option<Vec<TagToken>> {
    tokens(parts)?.into_iter().collect()
}

fn tokens(parts: impl IntoIterator<Item = Value>) -> Option<Tokens> {
    parts.into_iter().map(token).collect()
}

/// What is no token, or of another type, is none.
pub(super) fn token(part: Value) -> Option<Option<TagToken>> {
    match part {
        Value::BulkString(bytes) => Some(TagToken::read(&bytes)),
        Value::Nil => Some(None),
        _ => None,
    }
}
