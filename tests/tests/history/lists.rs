//! Calls of many keys: to the checker each member is a call of its own, with a body of its own where the
//! body of the list ran for it.

use crate::functions::{BRIEF, End, Failure};
use crate::history::{Ending, Event, Key, Kind, Outcome, Stamp};
use crate::record::now;
use crate::work::Process;
use cache_runtime::{redis_cache, refresh};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The functions that there is one of many keys for.
pub const KINDS: [Kind; 6] =
    [Kind::Lasting, Kind::Brief, Kind::Tagged, Kind::Kept, Kind::Both, Kind::Told];

type Found = Result<HashMap<u64, Stamp>, Failure>;

#[redis_cache(ttl = 600, key = "lasting:{id}", batch = "ids")]
async fn all_lasting(job: Jobs, ids: Vec<u64>) -> Found {
    job.run(Kind::Lasting, ids).await
}

#[redis_cache(ttl = BRIEF, key = "brief:{id}", batch = "ids")]
async fn all_brief(job: Jobs, ids: Vec<u64>) -> Found {
    job.run(Kind::Brief, ids).await
}

#[redis_cache(ttl = 600, key = "tagged:{id}", batch = "ids", tags = ["all"])]
async fn all_tagged(job: Jobs, ids: Vec<u64>) -> Found {
    job.run(Kind::Tagged, ids).await
}

#[redis_cache(ttl = 600, key = "kept:{id}", batch = "ids", l1)]
async fn all_kept(job: Jobs, ids: Vec<u64>) -> Found {
    job.run(Kind::Kept, ids).await
}

#[redis_cache(ttl = 600, key = "both:{id}", batch = "ids", l1, tags = ["all"])]
async fn all_both(job: Jobs, ids: Vec<u64>) -> Found {
    job.run(Kind::Both, ids).await
}

#[redis_cache(
    ttl = 600, key = "told:{id}", batch = "ids", l1,
    tags_with = |stamp| [("of", stamp.key.id % 2)]
)]
async fn all_told(job: Jobs, ids: Vec<u64>) -> Found {
    job.run(Kind::Told, ids).await
}

/// What the body of one call is to do, which may run twice.
#[derive(Debug, Clone)]
struct Jobs {
    process: Arc<Process>,
    /// The call that each id is.
    calls: Arc<BTreeMap<u64, u64>>,
    takes: Duration,
    ending: Ending,
    ran: Arc<AtomicBool>,
}

impl Jobs {
    /// As a single body does, for each of these.
    async fn run(self, kind: Kind, ids: Vec<u64>) -> Found {
        let recorder = &self.process.recorder;
        let again = self.ran.swap(true, Ordering::Relaxed);
        let (mut ends, mut stamps) = (Vec::new(), Vec::new());
        for id in ids {
            let key = Key { kind, id };
            let (body, began) = (recorder.id(), now());
            let version = self.process.data.version(key);
            if again {
                recorder.note(Event::Beside { body });
            }
            recorder.note_at(began, Event::Body { body, call: self.calls[&id], version });
            ends.push(End { recorder, body, ending: Ending::Dropped });
            stamps.push(Stamp { key, version, source: body });
        }
        tokio::time::sleep(self.takes).await;
        ends.iter_mut().for_each(|end| end.ending = self.ending);
        match self.ending {
            Ending::Value | Ending::Dropped => {
                Ok(stamps.into_iter().map(|stamp| (stamp.key.id, stamp)).collect())
            }
            Ending::Error => Err(Failure(stamps[0])),
            Ending::Panic => std::panic::resume_unwind(Box::new("a body that panics")),
        }
    }
}

impl Process {
    /// One call of these ids, which is cancelled after `patience`. Answers what each came to.
    pub async fn call_all(
        self: &Arc<Self>,
        (kind, ids): (Kind, &[u64]),
        (takes, ending): (Duration, Ending),
        forced: bool,
        patience: Option<Duration>,
    ) -> Vec<Outcome> {
        let calls: BTreeMap<_, _> = ids.iter().map(|id| (*id, self.recorder.id())).collect();
        for (id, call) in &calls {
            let key = Key { kind, id: *id };
            self.recorder.note(Event::Call { call: *call, key, refresh: forced });
        }
        let job = Jobs {
            process: self.clone(),
            calls: Arc::new(calls.clone()),
            takes,
            ending,
            ran: Arc::default(),
        };
        let (cache, list) = (self.cache.clone(), ids.to_vec());
        let work = async move {
            let work = async move {
                match kind {
                    Kind::Brief => all_brief(job, list).await,
                    Kind::Tagged => all_tagged(job, list).await,
                    Kind::Kept => all_kept(job, list).await,
                    Kind::Both => all_both(job, list).await,
                    Kind::Told => all_told(job, list).await,
                    _ => all_lasting(job, list).await,
                }
            };
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
        let found = running.await;
        let outcome = |id: &u64| match &found {
            Ok(Ok(stamps)) => Outcome::Value(stamps[id]),
            Ok(Err(Failure(stamp))) if stamp.key.id == *id => Outcome::Error(*stamp),
            // The failure of the whole is of no member that it does not name.
            Ok(Err(_)) => Outcome::Cancelled,
            Err(error) if error.is_panic() => Outcome::Panicked,
            Err(_) => Outcome::Cancelled,
        };
        let outcomes = calls.iter().map(|(id, call)| (*call, outcome(id)));
        let outcomes = outcomes.inspect(|(call, outcome)| {
            self.recorder.note(Event::CallEnded { call: *call, outcome: *outcome });
        });
        outcomes.map(|(_, outcome)| outcome).collect()
    }
}
