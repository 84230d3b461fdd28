//! What the store holds: bounded, with expiry, and under one lock.

use crate::config::Bounds;
use crate::key::whole::Key;
use crate::store::log::Log;
use crate::store::tag::{TagToken, Tokens};
use crate::store::{Ask, Bytes, Claim, Found, LONGEST, LeftBehind, Tagging, Token};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What an entry costs beside its key and value: the two indices, and their nodes.
const OVERHEAD: usize = 128;
/// The least life that Redis counts.
pub(super) const SHORTEST: Duration = Duration::from_millis(1);

#[derive(Default)]
pub(super) struct Inner {
    /// Ordered, so that a scan can go on after the last key it returned.
    pub(super) entries: BTreeMap<Arc<str>, Entry>,
    /// By age, for eviction.
    pub(super) by_age: BTreeMap<u64, Arc<str>>,
    /// By end of life, for purging.
    pub(super) by_end: BTreeSet<(Duration, u64)>,
    next: u64,
    pub(super) bytes: usize,
    /// Of invalidated tags, from the first mark on.
    pub(super) log: Option<Log>,
}

pub(super) struct Entry {
    pub(super) value: Arc<[u8]>,
    pub(super) end: Duration,
    /// Which write this was; the key of `by_age`.
    age: u64,
}

impl Inner {
    pub(super) fn drop_key(&mut self, key: &str) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        self.by_age.remove(&entry.age);
        self.by_end.remove(&(entry.end, entry.age));
        self.bytes = self.bytes.saturating_sub(cost(key, &entry.value));
        Some(entry)
    }

    /// Drops what has expired; each entry pays for its own removal once.
    pub(super) fn purge(&mut self, now: Duration) {
        while let Some(&(end, age)) = self.by_end.first() {
            if end > now {
                return;
            }
            self.drop_age(age);
        }
    }

    pub(super) fn drop_age(&mut self, age: u64) {
        if let Some(key) = self.by_age.get(&age).cloned() {
            self.drop_key(&key);
        }
    }

    pub(super) fn insert(&mut self, key: &str, value: &[u8], end: Duration, bounds: Bounds) {
        self.drop_key(key);
        let cost = cost(key, value);
        if cost > bounds.bytes {
            return;
        }
        while self.bytes + cost > bounds.bytes || self.entries.len() >= bounds.entries {
            let Some((&oldest, _)) = self.by_age.first_key_value() else { return };
            self.drop_age(oldest);
        }
        let (key, age): (Arc<str>, u64) = (key.into(), self.next);
        self.next += 1;
        self.bytes += cost;
        self.by_age.insert(age, key.clone());
        self.by_end.insert((end, age));
        self.entries.insert(key, Entry { value: value.into(), end, age });
    }
}

impl Inner {
    /// The value of `key`, if its life has not ended.
    pub(super) fn live(&self, key: &str, now: Duration) -> Option<Arc<[u8]>> {
        self.entries.get(key).filter(|entry| entry.end > now).map(|entry| entry.value.clone())
    }

    /// [`live`](Self::live), with what is left of its life.
    pub(super) fn found(&self, key: &str, now: Duration) -> Option<(Arc<[u8]>, Duration)> {
        let entry = self.entries.get(key).filter(|entry| entry.end > now)?;
        Some((entry.value.clone(), entry.end - now))
    }

    /// [`insert`](Self::insert)s what lives for `ttl`; nothing that lives less than Redis counts.
    pub(super) fn write(
        &mut self,
        key: &str,
        value: &[u8],
        ttl: Duration,
        now: Duration,
        bounds: Bounds,
    ) {
        if ttl >= SHORTEST {
            self.purge(now);
            self.insert(key, value, now.saturating_add(ttl), bounds);
        }
    }
}

impl Inner {
    /// The value in whose place no lease is given.
    pub(super) fn counting(&self, key: &Key, claim: &Claim<'_>, now: Duration) -> Option<Found> {
        let (value, left) = self.found(key.whole(), now)?;
        let (counts, tokens) = match (&claim.tagged, claim.ask) {
            (Some(tagged), _) => {
                let seen = tagged.seen.is_some_and(|seen| seen.is_of(&value));
                (!seen, self.tokens(tagged.tags, now))
            }
            (None, Ask::Above(least)) => (left > least, Tokens::default()),
            (None, Ask::IfAbsent | Ask::Force) => (true, Tokens::default()),
        };
        let with_life = claim.tagged.is_some() || matches!(claim.ask, Ask::Above(_));
        let left = with_life.then_some(left);
        counts.then_some(Found { bytes: Bytes::Shared(value), left, tokens })
    }

    /// Whether somebody holds a lease who has not left it behind.
    pub(super) fn is_held(&self, lease: &str, over: &[LeftBehind], now: Duration) -> bool {
        self.found(lease, now).is_some_and(|(holder, left)| {
            left <= LONGEST && over.iter().all(|over| *over.token.as_bytes() != *holder)
        })
    }

    /// Who holds a lease and has left it behind, where what it was for has ended without a value.
    pub(super) fn left_ended(
        &self,
        lease: &str,
        over: &[LeftBehind],
        now: Duration,
    ) -> Option<Token> {
        let holder = self.live(lease, now)?;
        let mut ended = over.iter().filter(|over| over.ended).map(|over| over.token);
        ended.find(|token| *token.as_bytes() == *holder)
    }

    /// The token of a tag, with what is left of its life.
    pub(super) fn token(&self, tag: &Key, now: Duration) -> Option<(TagToken, Duration)> {
        let (bytes, left) = self.found(tag.whole(), now)?;
        Some((TagToken::read(&bytes)?, left))
    }

    pub(super) fn tokens(&self, tags: &[Key], now: Duration) -> Tokens {
        if tags.is_empty() {
            return Tokens::default(); // nearly always
        }
        tags.iter().map(|tag| self.token(tag, now).map(|(token, _)| token)).collect()
    }

    /// The tokens of tags, which are their seeds where there were none. They last longer than their
    /// entries.
    pub(super) fn seed(
        &mut self,
        tagging: &Tagging<'_>,
        now: Duration,
        bounds: Bounds,
    ) -> Vec<TagToken> {
        let tags = tagging.tags.iter().zip(tagging.seeds);
        let seeded = tags.map(|(tag, seed)| {
            let (token, left) = self.token(tag, now).unwrap_or((*seed, Duration::ZERO));
            if left < tagging.fill || left.is_zero() {
                self.write(tag.whole(), token.as_bytes(), tagging.tags_last(), now, bounds);
            }
            token
        });
        seeded.collect()
    }

    /// If it is a tag, and anybody wants to know: it is about to be invalidated.
    pub(super) fn log(&mut self, key: &Key) {
        if let Some(log) = self.log.as_mut().filter(|_| key.tag().is_some()) {
            log.add(key);
        }
    }
}

fn cost(key: &str, value: &[u8]) -> usize {
    key.len().saturating_add(value.len()).saturating_add(OVERHEAD)
}
