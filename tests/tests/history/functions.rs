//! The functions that are cached, which stamp what they return, and the writers that put. The sleeps
//! are their work; no check waits for one.

use crate::history::{Ending, Event, Key, Kind, Stamp};
use crate::record::{Recorder, now};
use crate::work::Process;
use cache_runtime::{Entry, redis_cache, redis_put};
use std::sync::Arc;
use std::time::Duration;

/// How long a value of [`brief`] lives.
pub const BRIEF: Duration = Duration::from_millis(300);
/// How long one of [`stale`] is served after that.
pub const STALE: Duration = Duration::from_millis(200);

#[redis_cache(ttl = 600, key = "lasting:{id}")]
pub async fn lasting(job: Job, id: u64) -> Result<Stamp, Failure> {
    job.run(Key { kind: Kind::Lasting, id }).await
}

#[redis_cache(ttl = BRIEF, key = "brief:{id}")]
pub async fn brief(job: Job, id: u64) -> Result<Stamp, Failure> {
    job.run(Key { kind: Kind::Brief, id }).await
}

#[redis_cache(ttl = BRIEF, key = "early:{id}", early_refresh = 3.0)]
pub async fn early(job: Job, id: u64) -> Result<Stamp, Failure> {
    job.run(Key { kind: Kind::Early, id }).await
}

#[redis_cache(
    ttl = BRIEF,
    key = "stale:{id}",
    stale_while_revalidate = STALE / 2,
    stale_if_error = STALE,
    soft_timeout = "20ms"
)]
pub async fn stale(job: Job, id: u64) -> Result<Stamp, Failure> {
    job.run(Key { kind: Kind::Stale, id }).await
}

/// All of them have one tag.
#[redis_cache(ttl = 600, key = "tagged:{id}", tags = ["all"])]
pub async fn tagged(job: Job, id: u64) -> Result<Stamp, Failure> {
    job.run(Key { kind: Kind::Tagged, id }).await
}

/// What it returns says whose it is: of each key always the same.
#[redis_cache(ttl = 600, key = "saying:{id}", tags_with = |stamp| [("of", stamp.key.id % 2)])]
pub async fn saying(job: Job, id: u64) -> Result<Stamp, Failure> {
    job.run(Key { kind: Kind::Saying, id }).await
}

#[redis_cache(ttl = 600, key = "kept:{id}", l1)]
pub async fn kept(job: Job, id: u64) -> Result<Stamp, Failure> {
    job.run(Key { kind: Kind::Kept, id }).await
}

/// With the tag of [`tagged`].
#[redis_cache(ttl = 600, key = "both:{id}", l1, tags = ["all"])]
pub async fn both(job: Job, id: u64) -> Result<Stamp, Failure> {
    job.run(Key { kind: Kind::Both, id }).await
}

/// With the tags of [`saying`].
#[redis_cache(ttl = 600, key = "told:{id}", l1, tags_with = |stamp| [("of", stamp.key.id % 2)])]
pub async fn told(job: Job, id: u64) -> Result<Stamp, Failure> {
    job.run(Key { kind: Kind::Told, id }).await
}

#[redis_put(lasting(id))]
async fn save_lasting(save: Save, id: u64) -> Result<Stamp, Failure> {
    save.run(Key { kind: Kind::Lasting, id }).await
}

#[redis_put(brief(id))]
async fn save_brief(save: Save, id: u64) -> Result<Stamp, Failure> {
    save.run(Key { kind: Kind::Brief, id }).await
}

#[redis_put(early(id))]
async fn save_early(save: Save, id: u64) -> Result<Stamp, Failure> {
    save.run(Key { kind: Kind::Early, id }).await
}

#[redis_put(stale(id))]
async fn save_stale(save: Save, id: u64) -> Result<Stamp, Failure> {
    save.run(Key { kind: Kind::Stale, id }).await
}

#[redis_put(tagged(id))]
async fn save_tagged(save: Save, id: u64) -> Result<Stamp, Failure> {
    save.run(Key { kind: Kind::Tagged, id }).await
}

#[redis_put(saying(id))]
async fn save_saying(save: Save, id: u64) -> Result<Stamp, Failure> {
    save.run(Key { kind: Kind::Saying, id }).await
}

#[redis_put(kept(id))]
async fn save_kept(save: Save, id: u64) -> Result<Stamp, Failure> {
    save.run(Key { kind: Kind::Kept, id }).await
}

#[redis_put(both(id))]
async fn save_both(save: Save, id: u64) -> Result<Stamp, Failure> {
    save.run(Key { kind: Kind::Both, id }).await
}

#[redis_put(told(id))]
async fn save_told(save: Save, id: u64) -> Result<Stamp, Failure> {
    save.run(Key { kind: Kind::Told, id }).await
}

/// Calls the function of `key`.
pub async fn called(job: Job, Key { kind, id }: Key) -> Result<Stamp, Failure> {
    match kind {
        Kind::Lasting => lasting(job, id).await,
        Kind::Brief => brief(job, id).await,
        Kind::Early => early(job, id).await,
        Kind::Stale => stale(job, id).await,
        Kind::Tagged => tagged(job, id).await,
        Kind::Saying => saying(job, id).await,
        Kind::Kept => kept(job, id).await,
        Kind::Both => both(job, id).await,
        Kind::Told => told(job, id).await,
    }
}

/// Calls the writer of `key`.
pub async fn saved(save: Save, Key { kind, id }: Key) -> Result<Stamp, Failure> {
    match kind {
        Kind::Lasting => save_lasting(save, id).await,
        Kind::Brief => save_brief(save, id).await,
        Kind::Early => save_early(save, id).await,
        Kind::Stale => save_stale(save, id).await,
        Kind::Tagged => save_tagged(save, id).await,
        Kind::Saying => save_saying(save, id).await,
        Kind::Kept => save_kept(save, id).await,
        Kind::Both => save_both(save, id).await,
        Kind::Told => save_told(save, id).await,
    }
}

/// `Clone`, so that it is shared by those who wait.
#[derive(Debug, Clone)]
pub struct Failure(pub Stamp);

/// What the body of one call is to do.
#[derive(Debug)]
pub struct Job {
    pub process: Arc<Process>,
    pub call: u64,
    pub takes: Duration,
    pub ending: Ending,
}

impl Job {
    /// Reads the data first and answers later, like a slow query.
    async fn run(self, key: Key) -> Result<Stamp, Failure> {
        let recorder = &self.process.recorder;
        let (body, began) = (recorder.id(), now());
        let version = self.process.data.version(key);
        recorder.note_at(began, Event::Body { body, call: self.call, version });
        let mut end = End { recorder, body, ending: Ending::Dropped };
        tokio::time::sleep(self.takes).await;
        end.ending = self.ending;
        let stamp = Stamp { key, version, source: body };
        match self.ending {
            Ending::Value | Ending::Dropped => Ok(stamp),
            Ending::Error => Err(Failure(stamp)),
            // Without a word on the standard error.
            Ending::Panic => std::panic::resume_unwind(Box::new("a body that panics")),
        }
    }
}

/// What one writer is to do.
pub struct Save {
    pub process: Arc<Process>,
    pub write: u64,
    pub takes: Duration,
    pub ending: Ending,
}

impl Save {
    /// Changes the data in between, and answers what it has made of it.
    async fn run(self, key: Key) -> Result<Stamp, Failure> {
        tokio::time::sleep(self.takes / 2).await;
        let (write, version) = (self.write, self.process.data.change(key));
        self.process.recorder.note(Event::Saved { write, version });
        tokio::time::sleep(self.takes / 2).await;
        let stamp = Stamp { key, version, source: write };
        match self.ending {
            Ending::Value | Ending::Dropped => Ok(stamp),
            Ending::Error => Err(Failure(stamp)),
            Ending::Panic => std::panic::resume_unwind(Box::new("a writer that panics")),
        }
    }
}

/// Writes down that a body is over, however that came.
pub struct End<'r> {
    pub recorder: &'r Recorder,
    pub body: u64,
    pub ending: Ending,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.recorder.note(Event::BodyEnded { body: self.body, ending: self.ending });
    }
}

pub fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Lasting => "lasting",
        Kind::Brief => "brief",
        Kind::Early => "early",
        Kind::Stale => "stale",
        Kind::Tagged => "tagged",
        Kind::Saying => "saying",
        Kind::Kept => "kept",
        Kind::Both => "both",
        Kind::Told => "told",
    }
}

pub fn entry(Key { kind, id }: Key) -> Entry<Result<Stamp, Failure>> {
    match kind {
        Kind::Lasting => lasting_entry(id),
        Kind::Brief => brief_entry(id),
        Kind::Early => early_entry(id),
        Kind::Stale => stale_entry(id),
        Kind::Tagged => tagged_entry(id),
        Kind::Saying => saying_entry(id),
        Kind::Kept => kept_entry(id),
        Kind::Both => both_entry(id),
        Kind::Told => told_entry(id),
    }
}

/// The key as Redis has it, without the prefix.
pub fn text(key: Key) -> String {
    format!("{}:{}", name(key.kind), key.id)
}

/// The tag that its values have.
pub fn tag(Key { kind, id }: Key) -> Option<&'static str> {
    match kind {
        Kind::Tagged | Kind::Both => Some("all"),
        Kind::Saying | Kind::Told => Some(if id % 2 == 0 { "of:0" } else { "of:1" }),
        Kind::Lasting | Kind::Brief | Kind::Early | Kind::Stale | Kind::Kept => None,
    }
}
