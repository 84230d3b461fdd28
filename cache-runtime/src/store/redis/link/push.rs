//! The connection by which a server says what has changed of that which was read by it.
//!
//! Reads and pushes come by one connection, so that they keep their order: when a read is answered,
//! all that was pushed before it has been heard (`CLIENT TRACKING`, by RESP3). It is driven by the
//! cache's own thread, for a busy runtime would delay pushes, and it only reads: what it wrote
//! itself it would not track any more.
//!
//! There is one for each server, also for each node of a cluster, from the first read of a function with `l1` on. While there is
//! none, such reads go by the pool and nothing is kept.

use super::endpoint::{Endpoint, Untracked};
use super::reads::{Brought, Reads, Tell, UnderWay};
use super::redirect::is_about_place;
use super::tracked;
use super::wire::Wire;
use crate::backoff::Backoff;
use crate::error::Error;
use crate::io_thread;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::l1::{Begun, L1, Line, Noted, Reading};
use crate::store::redis::refusal::{self, Asked};
use crate::store::redis::report::Report;
use crate::store::tag::Tokens;
use crate::timers;
use redis::{PushInfo, PushKind, RedisResult, Value};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// Between attempts.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_millis(500));
/// How often what is kept is vouched for.
const HEARTBEAT: Duration = Duration::from_millis(250);
/// What is answered later vouches for nothing.
const LATE: Duration = Duration::from_secs(1);
/// How long a server is not asked again that cannot track, or may not be asked to.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// The connection, if it is in use.
type InUse = Option<(Wire, Line)>;

/// By what a node of a cluster vouches for what was read from it.
pub(super) struct Probe {
    /// A key of a slot that the node should have.
    pub(super) key: Box<dyn Fn() -> Option<String> + Send + Sync>,
    /// Told when it has not.
    pub(super) failed: Box<dyn Fn() + Send + Sync>,
}

/// What was read, and what was noted before that.
pub(crate) struct Tracking {
    pub(crate) reading: Reading,
    pub(crate) noted: Option<Noted>,
    pub(crate) brought: Arc<Brought>,
    /// For how long it had been under way when it was asked for.
    pub(crate) age: Duration,
}

/// What a server says by itself.
pub(crate) struct Tracked {
    l1: Arc<L1>,
    /// Where its connections sit there.
    seat: u8,
    /// Of a node of a cluster.
    probe: Option<Probe>,
    endpoint: Arc<Endpoint>,
    report: Arc<Report>,
    /// What is kept where nothing can be tracked is for functions that say for how long.
    without: bool,
    line: watch::Sender<InUse>,
    /// How often what is in use was left for another server.
    left: AtomicU64,
    reads: Reads,
    started: AtomicBool,
}

impl Tracked {
    /// `None` if there is no room for one more server.
    pub(super) fn new(
        l1: Arc<L1>,
        endpoint: Arc<Endpoint>,
        report: Arc<Report>,
        without: bool,
        probe: Option<Probe>,
    ) -> Option<Self> {
        let (line, started) = (watch::Sender::new(None), AtomicBool::new(false));
        let (seat, left) = (l1.seat()?, AtomicU64::new(0));
        let reads = Reads::default();
        Some(Self { l1, seat, probe, endpoint, report, without, line, left, reads, started })
    }

    /// Whether functions that say for how long may keep what nobody tracks.
    pub(crate) fn is_untracked(&self) -> bool {
        self.l1.is_untracked(self.seat)
    }

    /// A read is about to be sent by which nothing is tracked.
    pub(crate) fn begin_untracked(&self, key: &Key) -> Reading {
        self.l1.begin_untracked(key, self.seat)
    }

    /// The server has lost keys to another one, and says no more what becomes of them.
    pub(crate) fn owns_less(&self) {
        self.l1.drop_of(self.seat);
    }

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

    /// The connection `line` is in use from now on; unless others have been left since it was begun,
    /// when their number was `left`: it may lead to where they did.
    fn opened(&self, wire: Wire, line: Line, left: u64) {
        self.l1.opened(line);
        let is_new = self.line.send_if_modified(|current| {
            let is_new = self.left.load(Ordering::Acquire) == left;
            if is_new {
                *current = Some((wire, line));
            }
            is_new
        });
        match is_new {
            true => self.report.tracks(),
            false => self.l1.closed(line),
        }
    }

    /// The connection `line` is of no use any more.
    fn lost(&self, line: Line) {
        self.l1.closed(line);
        let mut old = None;
        self.line.send_if_modified(|current| {
            let is_it = current.as_ref().is_some_and(|(_, current)| *current == line);
            if is_it {
                old = current.take();
            }
            is_it
        });
    }

    /// The connection that is in use is left for another one, perhaps to another server.
    pub(super) fn leave(&self) {
        // Before it is looked at: who opens one now sees this, or is seen.
        self.left.fetch_add(1, Ordering::AcqRel);
        let line = self.line.borrow().as_ref().map(|(_, line)| *line);
        if let Some(line) = line {
            self.lost(line);
        }
    }

    /// The server cannot say what changes, or may not be asked to.
    fn cannot(&self, why: &str) {
        self.report.cannot_track(why, self.without);
        if self.without {
            self.l1.untracked(self.seat);
        }
    }

    /// What came by the connection `line` without having been asked for.
    fn pushed(&self, line: Line, push: &PushInfo) {
        match push.kind {
            PushKind::Invalidate => match changed(&push.data) {
                Some(keys) => keys.iter().for_each(|key| self.l1.changed(key)),
                None => self.l1.all_changed(line),
            },
            PushKind::Disconnection => self.lost(line),
            _ => {}
        }
    }
}

/// The keys of a push; `None` where all are meant, or where it cannot be read. One that is no text
/// is none of ours.
fn changed(data: &[Value]) -> Option<Vec<&str>> {
    let [Value::Array(keys)] = data else { return None };
    let keys = keys.iter().map(|key| match key {
        Value::BulkString(key) => Some(std::str::from_utf8(key).unwrap_or_default()),
        _ => None,
    });
    keys.collect()
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

/// Keeps a connection, until `tracked` or the thread is gone.
async fn keep(tracked: Weak<Tracked>, mut line: watch::Receiver<InUse>) {
    let mut backoff = BACKOFF;
    loop {
        let Some(alive) = tracked.upgrade() else { return };
        let (endpoint, new) = (alive.endpoint.clone(), alive.l1.line(alive.seat));
        let left = alive.left.load(Ordering::Acquire);
        drop(alive);
        let pushed = {
            let tracked = tracked.clone();
            move |push: PushInfo| {
                if let Some(tracked) = tracked.upgrade() {
                    tracked.pushed(new, &push);
                }
                Ok::<(), ()>(())
            }
        };
        let tracks = endpoint.track(pushed).await;
        let Some(alive) = tracked.upgrade() else { return };
        let pause = match tracks {
            Ok(wire) => {
                alive.opened(wire.clone(), new, left);
                drop(alive);
                if vouch(&tracked, &mut line, &endpoint, wire, new).await {
                    backoff = BACKOFF;
                }
                let Some(alive) = tracked.upgrade() else { return };
                alive.lost(new);
                backoff.pause(fastrand::f64())
            }
            Err(Untracked::Trouble) => backoff.pause(fastrand::f64()),
            Err(Untracked::Refused(why)) => {
                alive.cannot(&why);
                ASK_AGAIN
            }
        };
        if let Ok(Err(_)) = timeout(pause, line.wait_for(|_| false)).await {
            return;
        }
    }
}

/// Vouches for what the connection has read, until that is lost. Says whether it ever could.
async fn vouch(
    tracked: &Weak<Tracked>,
    line: &mut watch::Receiver<InUse>,
    endpoint: &Endpoint,
    mut wire: Wire,
    own: Line,
) -> bool {
    let mut could = false;
    let is_lost = |line: &InUse| line.as_ref().is_none_or(|(_, current)| *current != own);
    while timeout(HEARTBEAT, line.wait_for(is_lost)).await.is_err() {
        could = true;
        let Some(alive) = tracked.upgrade() else { break };
        let l1 = alive.l1.clone();
        if l1.is_empty() {
            continue;
        }
        let probe = match &alive.probe {
            Some(probe) => match (probe.key)() {
                Some(key) => Some(key),
                // It has no slots, and so vouches for nothing.
                None => continue,
            },
            None => None,
        };
        drop(alive);
        // By a key, since a server that has lost its part in a cluster answers `PING` all the same.
        let begun = Begun::now();
        let answered = endpoint.still_has(&mut wire, probe.as_deref());
        match timeout(LATE, answered).await {
            Ok(true) => l1.vouch(own, begun),
            Ok(false) | Err(_) => {
                if let Some(alive) = tracked.upgrade()
                    && let Some(probe) = &alive.probe
                {
                    (probe.failed)();
                }
                break;
            }
        }
    }
    could
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.l1.left(self.seat);
    }
}

impl fmt::Debug for Tracked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracked").field("seat", &self.seat).finish_non_exhaustive()
    }
}
