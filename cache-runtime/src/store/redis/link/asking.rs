//! What is read by the connection that tracks: values with the tokens of their tags, each for all who ask for
//! it, and tokens of other tags. Where there is no such connection, or it has ended, that goes by the pool.

use super::push::{InUse, LATE, Tracked};
use super::reads::{Brought, Tell, UnderWay};
use super::redirect::is_about_place;
use super::tracked;
use super::vouching::keep;
use super::wire::Wire;
use crate::error::Error;
use crate::io_thread;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::l1::{Begun, Line, Noted, Reading};
use crate::store::redis::refusal::{self, Asked};
use crate::store::tag::Tokens;
use crate::timers;
use redis::RedisResult;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// What was read, and what was noted before that.
pub(crate) struct Tracking {
    pub(crate) reading: Reading,
    pub(crate) noted: Option<Noted>,
    pub(crate) brought: Arc<Brought>,
    /// For how long it had been under way when it was asked for.
    pub(crate) age: Duration,
}

impl Tracked {
    /// Reads a value with what is left of its life and the tokens of its tags, or waits for a read of it
    /// that is under way; `None` where that has to go by the pool.
    pub(crate) async fn read(
        self: &Arc<Self>,
        key: &Key,
        tags: &Tags,
        within: Duration,
    ) -> Option<Result<Tracking, Error>> {
        let (wire, line) = self.line()?;
        let thread = io_thread::handle()?;
        let mut read = self.reads.join(&self.l1, (key, tags), line, |reading, tell| {
            let (tracked, key, tags) = (Arc::downgrade(self), key.clone(), tags.clone());
            let limit = within.max(LATE); // of those, too, who join it
            drop(thread.spawn(ask(tracked, wire, (key, tags), (reading, line), limit, tell)));
        });
        let Ok(answer) = timeout(within, read.answer()).await else {
            self.lost(line);
            return Some(Err(Error::Timeout));
        };
        let UnderWay { reading, noted, age, .. } = read;
        Some(answer?.map(|brought| Tracking { reading, noted, brought, age }))
    }

    /// Reads the tokens of tags, and says what is to be noted of them; `None` as above.
    pub(crate) async fn tokens(
        self: &Arc<Self>,
        tags: &[Key],
        within: Duration,
    ) -> Option<Result<(Tokens, Noted), Error>> {
        let (mut wire, line) = self.line()?;
        let (noted, begun) = (self.l1.note_apart(tags, line)?, Begun::now());
        let tokens = timeout(within, tracked::tokens(&mut wire, tags)).await;
        let tokens = self.answered(line, begun, tokens)?;
        Some(tokens.map(|tokens| (tokens, noted)))
    }

    /// What `line` has answered to what was sent at `begun`, if it was in time; `None` as above.
    fn answered<T>(
        &self,
        line: Line,
        begun: Begun,
        answer: Result<RedisResult<Option<T>>, Elapsed>,
    ) -> Option<Result<T, Error>> {
        match answer {
            Ok(Ok(Some(answer))) => {
                self.l1.vouch(line, begun);
                Some(Ok(answer))
            }
            // Another one has it, and is asked by the usual way.
            Ok(Err(error)) if is_about_place(&error) => None,
            Ok(Err(error)) if error.code().is_some() => {
                Some(Err(refusal::learn(&error, Asked::Read, |_| self.lost(line))))
            }
            // It has ended, which says nothing of the server: the pool knows.
            Ok(Ok(None) | Err(_)) => {
                self.lost(line);
                None
            }
            Err(_) => {
                self.lost(line);
                Some(Err(Error::Timeout))
            }
        }
    }

    /// The connection that is in use. The first who asks has one made.
    fn line(self: &Arc<Self>) -> InUse {
        if !self.started.load(Ordering::Acquire) && !self.started.swap(true, Ordering::AcqRel) {
            let task = keep(Arc::downgrade(self), self.line.subscribe());
            match io_thread::handle() {
                Some(thread) => drop(thread.spawn(task)),
                None => drop(task), // and nothing is kept
            }
        }
        if timers::available() { self.line.borrow().clone() } else { None }
    }
}

/// Reads a value, what is left of its life and the tokens of its tags, for all who wait for them.
async fn ask(
    tracked: Weak<Tracked>,
    mut wire: Wire,
    (key, tags): (Key, Tags),
    (reading, line): (Reading, Line),
    limit: Duration,
    tell: Tell,
) {
    let read = timeout(limit, tracked::read(&mut wire, key.whole(), &tags)).await;
    let Some(alive) = tracked.upgrade() else { return };
    let read = alive.answered(line, reading.begun(), read);
    let answer = read.map(|read| read.map(|(found, tokens)| Brought::new(found, tokens)));
    alive.reads.end(&key, &tell, answer);
}
