//! What the processes do: clients that call and write at random. The sleeps are their patience and
//! leisure; no check waits for one.

use crate::functions::{Failure, Job, Save, called, entry, name, saved, tag, text};
use crate::history::{Ending, Event, Key, Kind, Outcome, Stamp, process_of};
use crate::lists;
use crate::profile::Profile;
use crate::record::{Data, Recorder, now};
use cache_runtime::{Cache, refresh};
use fastrand::Rng;
use std::sync::Arc;
use std::time::Duration;

/// One process: its cache, its notes, and the data that all share.
#[derive(Debug)]
pub struct Process {
    pub cache: Cache,
    pub recorder: Recorder,
    pub data: Data,
}

impl Process {
    /// One call, which is cancelled after `patience`.
    pub async fn call(
        self: &Arc<Self>,
        key: Key,
        (takes, ending): (Duration, Ending),
        forced: bool,
        patience: Option<Duration>,
    ) -> Outcome {
        let call = self.recorder.id();
        self.recorder.note(Event::Call { call, key, refresh: forced });
        let job = Job { process: self.clone(), call, takes, ending };
        let cache = self.cache.clone();
        let work = async move {
            let work = called(job, key);
            if forced { refresh(work).await } else { work.await }
        };
        let running = tokio::spawn(async move { cache.scope(work).await });
        if let Some(patience) = patience {
            let running = running.abort_handle();
            tokio::spawn(async move {
                tokio::time::sleep(patience).await;
                running.abort();
            });
        }
        let outcome = match running.await {
            Ok(Ok(stamp)) => Outcome::Value(stamp),
            Ok(Err(Failure(stamp))) => Outcome::Error(stamp),
            Err(error) if error.is_panic() => Outcome::Panicked,
            Err(_) => Outcome::Cancelled,
        };
        self.recorder.note(Event::CallEnded { call, outcome });
        outcome
    }

    /// Changes the data and takes the cached values out. Answers whether that worked.
    pub async fn invalidate(self: &Arc<Self>, how: &How) -> bool {
        let write = self.recorder.id();
        let keys = how.keys().into_iter().map(|key| (key, self.data.change(key))).collect();
        self.recorder.note(Event::Invalidation { write, keys });
        let cache = &self.cache;
        let done = match how {
            How::Entry(key) => {
                let entry = async { entry(*key).invalidate().await };
                cache.scope(entry).await.map(|_| ())
            }
            How::Key(key) => cache.invalidate(&text(*key)).await.map(|_| ()),
            How::Pattern(kind, _) => {
                let pattern = format!("{}:*", name(*kind));
                cache.invalidate_matching(&pattern).await.map(|_| ())
            }
            How::Function(kind, _) => {
                let path = format!("history.functions.{}", name(*kind));
                cache.invalidate_function(&path).await.map(|_| ())
            }
            How::Tag(tag, _) => cache.invalidate_tag(tag).await.map(|_| ()),
            How::Clear(_) => cache.clear().await.map(|_| ()),
        };
        self.recorder.note(Event::WriteEnded { write, ok: done.is_ok() });
        done.is_ok()
    }

    async fn put(self: &Arc<Self>, key: Key) {
        let (write, began) = (self.recorder.id(), now());
        let version = self.data.version(key);
        self.recorder.note_at(began, Event::Put { write, key, version });
        let stamp = Ok(Stamp { key, version, source: write });
        let put = self.cache.scope(async { entry(key).put(&stamp).await });
        let ok = put.await.is_ok();
        self.recorder.note(Event::WriteEnded { write, ok });
    }

    /// One writer, which is cancelled after `patience`.
    async fn save(
        self: &Arc<Self>,
        key: Key,
        (takes, ending): (Duration, Ending),
        patience: Option<Duration>,
    ) {
        let write = self.recorder.id();
        self.recorder.note(Event::Save { write, key });
        let journal = async || self.cache.stats().await.journal;
        let before = journal().await.queued;
        let save = Save { process: self.clone(), write, takes, ending };
        let cache = self.cache.clone();
        let running = tokio::spawn(async move { cache.scope(saved(save, key)).await });
        if let Some(patience) = patience {
            let running = running.abort_handle();
            tokio::spawn(async move {
                tokio::time::sleep(patience).await;
                running.abort();
            });
        }
        // What waits in the journal is not promised to anybody yet.
        let ok = running.await.is_ok() && journal().await.queued == before;
        // Until it has reached Redis, this process computes side by side with others.
        let patience = now() + Duration::from_millis(500);
        while journal().await.waiting > 0 && now() < patience {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.recorder.note(Event::WriteEnded { write, ok });
    }

    /// A client's life: one thing after another, at random.
    pub async fn client(self: Arc<Self>, profile: Profile, mut random: Rng, until: Duration) {
        let process = process_of(self.recorder.id());
        while now() < until {
            let disturbed = profile.disturbed_in().is_some_and(|many| random.u8(..many) == 0);
            let roll = random.u32(if disturbed { 0 } else { 140 }..1_000);
            let (ids, kinds) = (profile.keys, profile.kinds());
            // What is disturbed is anybody's.
            let own = if roll < 75 { 0..ids } else { profile.ids(process, &mut random) };
            let kind = kinds[random.usize(..kinds.len())];
            let key = Key { kind, id: random.u64(own.clone()) };
            let takes = Duration::from_millis(random.u64(1..80));
            if roll < 60 {
                let how = match (tag(key), roll) {
                    (Some(tag), ..40) => How::Tag(tag, ids),
                    (_, ..20) => How::Entry(key),
                    (_, 20..40) => How::Key(key),
                    (_, 40..48) => How::Pattern(kind, ids),
                    (_, 48..56) => How::Function(kind, ids),
                    (..) => How::Clear(ids),
                };
                self.invalidate(&how).await;
            } else if roll < 75 {
                self.put(key).await;
            } else {
                let ending = match roll {
                    75..110 => Ending::Error,
                    110..140 => Ending::Panic,
                    _ => Ending::Value,
                };
                let cancelled = disturbed && random.u32(..100) < 8;
                let patience = cancelled.then(|| Duration::from_millis(random.u64(..40)));
                if disturbed && random.u32(..100) < 4 {
                    self.save(key, (takes, ending), patience).await;
                    continue;
                }
                let forced = disturbed && random.u32(..100) < 3;
                if lists::KINDS.contains(&kind) && random.u32(..100) < 35 {
                    let mut list: Vec<_> = own.collect();
                    random.shuffle(&mut list);
                    list.truncate(random.usize(1..=list.len()));
                    self.call_all((kind, &list), (takes, ending), forced, patience).await;
                    continue;
                }
                self.call(key, (takes, ending), forced, patience).await;
            }
            tokio::time::sleep(Duration::from_millis(random.u64(..10))).await;
        }
    }
}

/// What to invalidate; with how many ids there are where that is more than one key.
#[derive(Debug, Clone, Copy)]
pub enum How {
    Entry(Key),
    Key(Key),
    Pattern(Kind, u64),
    Function(Kind, u64),
    /// What has the tag.
    Tag(&'static str, u64),
    Clear(u64),
}

impl How {
    fn keys(self) -> Vec<Key> {
        let all = |kind, ids| (0..ids).map(move |id| Key { kind, id });
        let every = |ids| Kind::ALL.into_iter().flat_map(move |kind| all(kind, ids));
        match self {
            Self::Entry(key) | Self::Key(key) => vec![key],
            Self::Pattern(kind, ids) | Self::Function(kind, ids) => all(kind, ids).collect(),
            Self::Tag(of, ids) => every(ids).filter(|key| tag(*key) == Some(of)).collect(),
            Self::Clear(ids) => every(ids).collect(),
        }
    }
}
