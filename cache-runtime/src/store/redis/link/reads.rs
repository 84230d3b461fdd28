//! Reads that are under way by a connection that tracks. Who asks for the same key meanwhile waits for the
//! same answer, if that is one that it would be served, had it come and been kept already.
//!
//! Each read is a task of the cache's own thread: nobody's answer depends on whether he who asked first is
//! still polled.

use super::tracked::Found;
use crate::error::Error;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::l1::{L1, Line, Noted, Reading};
use crate::store::Bytes;
use crate::store::tag::Tokens;
use crate::sync::{AtomicBool, Mutex, Ordering, lock};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What a read has brought; `None` where it has to go by the pool.
pub(super) type Answer = Option<Result<Arc<Brought>, Error>>;

#[derive(Debug)]
pub(crate) struct Brought {
    pub(crate) found: Option<(Bytes, Option<Duration>)>,
    pub(crate) tokens: Tokens,
    /// Whether somebody keeps it in this process.
    kept: AtomicBool,
}

impl Brought {
    pub(crate) fn new(found: Found, tokens: Tokens) -> Arc<Self> {
        let found = found.map(|(bytes, left)| (Bytes::Shared(bytes.into()), left));
        Arc::new(Self { found, tokens, kept: AtomicBool::new(false) })
    }

    /// Whether who asks is to keep it: the first one, since one is enough.
    pub(crate) fn is_to_be_kept(&self) -> bool {
        !self.kept.swap(true, Ordering::Relaxed)
    }
}

/// A read that is under way.
#[derive(Debug, Clone)]
pub(super) struct UnderWay {
    pub(super) reading: Reading,
    pub(super) noted: Option<Noted>,
    /// How long before it was joined it was sent: what is left of a life is as of then.
    pub(super) age: Duration,
    answer: watch::Receiver<Option<Answer>>,
}

/// Tells those who wait for a read what it has brought.
pub(super) type Tell = watch::Sender<Option<Answer>>;

/// All that are under way, by their keys.
#[derive(Debug, Default)]
pub(super) struct Reads(Mutex<HashMap<Key, UnderWay>>);

impl Reads {
    /// Joins the read of `key` that is under way, or has `begin` begin another one by `line`.
    pub(super) fn join(
        &self,
        l1: &L1,
        (key, tags): (&Key, &Tags),
        line: Line,
        begin: impl FnOnce(Reading, Tell),
    ) -> UnderWay {
        let mut all = lock(&self.0);
        if let Some(read) = all.get(key)
            && l1.answers(read.reading, read.noted.as_ref(), tags)
        {
            return UnderWay { age: l1.age(read.reading), ..read.clone() };
        }
        // In the place of one that is too old: who comes next is to have the newer one.
        let (tell, answer) = watch::channel(None);
        let (reading, noted) = (l1.begin(key, line), l1.note(tags));
        let read = UnderWay { reading, noted, age: Duration::ZERO, answer };
        all.insert(key.clone(), read.clone());
        drop(all);
        begin(reading, tell);
        read
    }

    /// The read of `key` that `tell` is of is over.
    pub(super) fn end(&self, key: &Key, tell: &Tell, answer: Answer) {
        let mut all = lock(&self.0);
        if all.get(key).is_some_and(|read| tell.subscribe().same_channel(&read.answer)) {
            all.remove(key);
        }
        drop(all);
        tell.send_replace(Some(answer));
    }
}

impl UnderWay {
    /// What it brings.
    pub(super) async fn answer(&mut self) -> Answer {
        match self.answer.wait_for(Option::is_some).await {
            Ok(answer) => answer.clone().flatten(),
            // Whoever reads has gone.
            Err(_) => None,
        }
    }
}
