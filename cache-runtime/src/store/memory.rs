//! `memory://`: a bounded store in this process, with the semantics of the one in Redis.

mod entries;
#[cfg(test)]
mod tests;

use super::log::{Log, Mark, new_epoch};
use super::tag::{TagToken, Tokens, soft_half};
use super::{
    Acquired, Act, Ask, Bytes, Claim, Cursor, ENDED, Found, Life, Question, Reachability, Read,
    Store, Tagging, Token,
};
use crate::clock::Clock;
use crate::config::Bounds;
use crate::error::Error;
use crate::figures::stats::ServerInfo;
use crate::key::glob;
use crate::key::whole::Key;
use crate::sync::{self, Mutex, MutexGuard};
use entries::{Inner, SHORTEST};
use std::fmt;
use std::ops::Bound;
use std::time::Duration;

/// Keys looked at per page of a scan, and so the longest time that the lock is held for one.
const PAGE: usize = 512;

/// A bounded map with expiry by the cache's clock; when it is full the oldest entry goes.
pub(crate) struct MemoryStore {
    clock: Clock,
    bounds: Bounds,
    inner: Mutex<Inner>,
}

impl MemoryStore {
    pub(crate) fn new(clock: Clock, bounds: Bounds) -> Self {
        Self { clock, bounds, inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // At worst, after a panic, an index misses an entry.
        sync::lock(&self.inner)
    }
}

impl Store for MemoryStore {
    async fn read(&self, question: &Question<'_>) -> Result<Read, Error> {
        let Question { key, want, .. } = question;
        let now = self.clock.now();
        let inner = self.lock();
        let found = inner.found(key.whole(), now).map(|(value, left)| Found {
            bytes: Bytes::Shared(value),
            left: want.life.then_some(left),
            tokens: inner.tokens(want.tags, now),
        });
        Ok(Read::of(found))
    }

    async fn acquire(&self, key: &Key, claim: &Claim<'_>, _: Duration) -> Result<Acquired, Error> {
        let lease = key.lease();
        let marks = claim.tagged.is_some_and(|tagging| tagging.marks);
        let epoch = if marks { Some(new_epoch().ok_or(Error::Unavailable)?) } else { None };
        let now = self.clock.now();
        let mut inner = self.lock();
        if claim.ask != Ask::Force {
            if let Some(found) = inner.counting(key, claim, now) {
                return Ok(Acquired::Found(found));
            }
            if let Some(ended) = inner.left_ended(&lease, claim.over, now) {
                inner.write(&key.ended(), ended.as_bytes(), ENDED, now, self.bounds);
            }
            if inner.is_held(&lease, claim.over, now) {
                let ended = inner.live(&key.ended(), now);
                return Ok(Acquired::Theirs(ended.and_then(|ended| Token::read(&ended))));
            }
        }
        inner.write(&lease, claim.token.as_bytes(), claim.life, now, self.bounds);
        let Some(tagging) = &claim.tagged else {
            return Ok(Acquired::Ours { tokens: Vec::new(), mark: None });
        };
        let mark = epoch.map(|epoch| inner.log.get_or_insert_with(|| Log::new(epoch)).mark());
        Ok(Acquired::Ours { tokens: inner.seed(tagging, now, self.bounds), mark })
    }

    async fn seed(
        &self,
        tagging: &Tagging<'_>,
        mark: &Mark,
        _: Duration,
    ) -> Result<Option<Vec<TagToken>>, Error> {
        let now = self.clock.now();
        let mut inner = self.lock();
        let none_since =
            inner.log.as_ref().is_some_and(|log| log.is_none_since(mark, tagging.tags));
        Ok(none_since.then(|| inner.seed(tagging, now, self.bounds)))
    }

    async fn soften(&self, tags: &[Key], _: Duration) -> Result<u64, Error> {
        let half = soft_half().ok_or(Error::Unavailable)?;
        let now = self.clock.now();
        let mut inner = self.lock();
        let mut softened = 0;
        for tag in tags {
            inner.log(tag);
            if let Some((token, left)) = inner.token(tag, now) {
                let token = token.softened(&half);
                inner.write(tag.whole(), token.as_bytes(), left, now, self.bounds);
                softened += 1;
            }
        }
        Ok(softened)
    }

    async fn tokens(&self, tags: &[Key], _: Duration) -> Result<Tokens, Error> {
        let now = self.clock.now();
        Ok(self.lock().tokens(tags, now))
    }

    async fn settle(
        &self,
        key: &Key,
        token: &Token,
        act: Act<'_>,
        _: Duration,
    ) -> Result<bool, Error> {
        let lease = key.lease();
        let now = self.clock.now();
        let mut inner = self.lock();
        if inner.live(&lease, now).is_none_or(|holder| *holder != *token.as_bytes()) {
            return Ok(false);
        }
        inner.drop_key(&lease);
        match act {
            Act::Fill(value, ttl) => inner.write(key.whole(), value, ttl, now, self.bounds),
            Act::Discard => drop(inner.drop_key(key.whole())),
            Act::Release | Act::End => {}
        }
        let is_filled = matches!(act, Act::Fill(_, ttl) if ttl >= SHORTEST);
        if act != Act::Release && !is_filled {
            inner.write(&key.ended(), token.as_bytes(), ENDED, now, self.bounds);
        }
        Ok(true)
    }

    async fn renew(
        &self,
        leases: &[(Key, Token)],
        life: Duration,
        _: Duration,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let mut inner = self.lock();
        for (key, token) in leases {
            let lease = key.lease();
            if inner.live(&lease, now).is_some_and(|holder| *holder == *token.as_bytes()) {
                inner.write(&lease, token.as_bytes(), life, now, self.bounds);
            }
        }
        Ok(())
    }

    async fn remove(&self, keys: &[Key], _: Duration) -> Result<u64, Error> {
        let now = self.clock.now();
        let mut inner = self.lock();
        let mut gone = 0;
        for key in keys {
            inner.log(key);
            inner.drop_key(&key.lease());
            gone += u64::from(inner.drop_key(key.whole()).is_some_and(|entry| entry.end > now));
        }
        Ok(gone)
    }

    async fn life(&self, key: &Key, _: Duration) -> Result<Life, Error> {
        let now = self.clock.now();
        Ok(match self.lock().entries.get(key.whole()) {
            Some(entry) if entry.end > now => Life::Remaining(entry.end - now),
            _ => Life::Absent,
        })
    }

    async fn scan(
        &self,
        pattern: &str,
        from: Option<&Cursor>,
        _: Duration,
    ) -> Result<(Vec<String>, Option<Cursor>), Error> {
        let now = self.clock.now();
        let inner = self.lock();
        let start = from.map_or(Bound::Unbounded, |cursor| Bound::Excluded(cursor.at.as_str()));
        let mut rest = inner.entries.range::<str, _>((start, Bound::Unbounded));
        let (mut keys, mut last) = (Vec::new(), None);
        for (key, entry) in rest.by_ref().take(PAGE) {
            last = Some(key);
            if entry.end > now && glob::matches(pattern.as_bytes(), key.as_bytes()) {
                keys.push(key.to_string());
            }
        }
        let more = rest.next().and(last).map(|key| Cursor::at(key.to_string()));
        Ok((keys, more))
    }

    async fn ping(&self, _: Duration) -> Result<(), Error> {
        Ok(())
    }

    async fn info(&self, _: Duration) -> Result<ServerInfo, Error> {
        Ok(ServerInfo {
            used_memory: Some(self.lock().bytes as u64),
            max_memory: Some(self.bounds.bytes as u64),
            ..ServerInfo::default()
        })
    }

    fn reachability(&self) -> Reachability {
        Reachability::Reachable
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (entries, bytes) = {
            let inner = self.lock();
            (inner.entries.len(), inner.bytes)
        };
        f.debug_struct("MemoryStore")
            .field("entries", &entries)
            .field("bytes", &bytes)
            .field("bounds", &self.bounds)
            .finish()
    }
}
