//! `memory://`: a bounded store in this process, with the semantics of the one in Redis.

#[cfg(test)]
mod tests;

use super::{
    Acquired, Act, Ask, Bytes, Cursor, Found, LONGEST, Life, Reachability, Read, Store, Token, Want,
};
use crate::clock::Clock;
use crate::config::Bounds;
use crate::error::Error;
use crate::figures::stats::ServerInfo;
use crate::key::glob;
use crate::key::whole::Key;
use crate::sync::{self, Mutex, MutexGuard};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

/// What an entry costs beside its key and value: the two indices, and their nodes.
const OVERHEAD: usize = 128;
/// Keys looked at per page of a scan, and so the longest time that the lock is held for one.
const PAGE: usize = 512;

/// A bounded map with expiry by the cache's clock; when it is full the oldest entry goes.
pub(crate) struct MemoryStore {
    clock: Clock,
    bounds: Bounds,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Ordered, so that a scan can go on after the last key it returned.
    entries: BTreeMap<Arc<str>, Entry>,
    /// By age, for eviction.
    by_age: BTreeMap<u64, Arc<str>>,
    /// By end of life, for purging.
    by_end: BTreeSet<(Duration, u64)>,
    next: u64,
    bytes: usize,
}

struct Entry {
    value: Arc<[u8]>,
    end: Duration,
    /// Which write this was; the key of `by_age`.
    age: u64,
}

impl Inner {
    fn drop_key(&mut self, key: &str) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        self.by_age.remove(&entry.age);
        self.by_end.remove(&(entry.end, entry.age));
        self.bytes = self.bytes.saturating_sub(cost(key, &entry.value));
        Some(entry)
    }

    /// Drops what has expired; each entry pays for its own removal once.
    fn purge(&mut self, now: Duration) {
        while let Some(&(end, age)) = self.by_end.first() {
            if end > now {
                return;
            }
            self.drop_age(age);
        }
    }

    fn drop_age(&mut self, age: u64) {
        if let Some(key) = self.by_age.get(&age).cloned() {
            self.drop_key(&key);
        }
    }

    fn insert(&mut self, key: &str, value: &[u8], end: Duration, bounds: Bounds) {
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
    fn live(&self, key: &str, now: Duration) -> Option<Arc<[u8]>> {
        self.entries.get(key).filter(|entry| entry.end > now).map(|entry| entry.value.clone())
    }

    /// [`live`](Self::live), with what is left of its life.
    fn found(&self, key: &str, now: Duration) -> Option<(Arc<[u8]>, Duration)> {
        let entry = self.entries.get(key).filter(|entry| entry.end > now)?;
        Some((entry.value.clone(), entry.end - now))
    }

    /// [`insert`](Self::insert)s what lives for `ttl`; nothing that lives less than Redis counts.
    fn write(&mut self, key: &str, value: &[u8], ttl: Duration, now: Duration, bounds: Bounds) {
        if ttl >= Duration::from_millis(1) {
            self.purge(now);
            self.insert(key, value, now.saturating_add(ttl), bounds);
        }
    }
}

fn cost(key: &str, value: &[u8]) -> usize {
    key.len().saturating_add(value.len()).saturating_add(OVERHEAD)
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
    async fn read(&self, key: &Key, want: Want, _: Duration) -> Result<Read, Error> {
        let now = self.clock.now();
        let found = self.lock().found(key.whole(), now);
        let found = found.map(|(value, left)| Found {
            bytes: Bytes::Shared(value),
            left: (want == Want::Life).then_some(left),
        });
        Ok(Read { found, generation: 0 })
    }

    async fn acquire(
        &self,
        key: &Key,
        ask: Ask,
        token: &Token,
        over: &[Token],
        life: Duration,
        _: Duration,
    ) -> Result<Acquired, Error> {
        let lease = key.lease();
        let now = self.clock.now();
        let mut inner = self.lock();
        let (found, with_life) = match ask {
            Ask::IfAbsent => (inner.found(key.whole(), now), false),
            Ask::Above(above) => {
                (inner.found(key.whole(), now).filter(|(_, left)| *left > above), true)
            }
            Ask::Force => (None, false),
        };
        if let Some((value, left)) = found {
            let left = with_life.then_some(left);
            return Ok(Acquired::Found(Found { bytes: Bytes::Shared(value), left }));
        }
        let held = inner.found(&lease, now).is_some_and(|(holder, left)| {
            left <= LONGEST && over.iter().all(|over| *over.as_bytes() != *holder)
        });
        if ask != Ask::Force && held {
            return Ok(Acquired::Theirs);
        }
        inner.write(&lease, token.as_bytes(), life, now, self.bounds);
        Ok(Acquired::Ours)
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
        match act {
            Act::Release => drop(inner.drop_key(&lease)),
            Act::Discard => {
                inner.drop_key(&lease);
                inner.drop_key(key.whole());
            }
            Act::Fill(value, ttl) => {
                inner.drop_key(&lease);
                inner.write(key.whole(), value, ttl, now, self.bounds);
            }
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
        let start = from.map_or(Bound::Unbounded, |cursor| Bound::Excluded(cursor.0.as_str()));
        let mut rest = inner.entries.range::<str, _>((start, Bound::Unbounded));
        let (mut keys, mut last) = (Vec::new(), None);
        for (key, entry) in rest.by_ref().take(PAGE) {
            last = Some(key);
            if entry.end > now && glob::matches(pattern.as_bytes(), key.as_bytes()) {
                keys.push(key.to_string());
            }
        }
        let more = rest.next().and(last).map(|key| Cursor(key.to_string()));
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
