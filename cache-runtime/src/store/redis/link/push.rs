//! The connection by which a server says what has changed of that which was read by it.
//!
//! Reads and pushes come by one connection, so that they keep their order: when a read is answered,
//! all that was pushed before it has been heard (`CLIENT TRACKING`, by RESP3). It is driven by the
//! cache's own thread, for a busy runtime would delay pushes, and it only reads: what it wrote
//! itself it would not track any more. What is asked by it is in `asking`, and who makes it in
//! `vouching`.
//!
//! There is one for each server, also for each node of a cluster, from the first read of a function
//! with `l1` on. While there is none, such reads go by the pool and nothing is kept.

use super::endpoint::Endpoint;
use super::reads::Reads;
use super::wire::Wire;
use crate::key::whole::Key;
use crate::l1::{L1, Line, Reading};
use crate::store::redis::report::Report;
use redis::{PushInfo, PushKind, Value};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// What is answered later vouches for nothing.
pub(super) const LATE: Duration = Duration::from_secs(1);

/// The connection, if it is in use.
pub(super) type InUse = Option<(Wire, Line)>;

/// By what a node of a cluster vouches for what was read from it.
pub(super) struct Probe {
    /// A key of a slot that the node should have.
    pub(super) key: Box<dyn Fn() -> Option<String> + Send + Sync>,
    /// Told when it has not.
    pub(super) failed: Box<dyn Fn() + Send + Sync>,
}

/// The connection to one server, what it has read, and what it says by itself.
pub(crate) struct Tracked {
    pub(super) l1: Arc<L1>,
    /// Where its connections sit there.
    pub(super) seat: u8,
    /// Of a node of a cluster.
    pub(super) probe: Option<Probe>,
    pub(super) endpoint: Arc<Endpoint>,
    report: Arc<Report>,
    /// What is kept where nothing can be tracked is for functions that say for how long.
    without: bool,
    pub(super) line: watch::Sender<InUse>,
    /// How often what is in use was left for another server.
    pub(super) left: AtomicU64,
    pub(super) reads: Reads,
    /// Whether anybody has asked for a connection.
    pub(super) started: AtomicBool,
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

    /// The connection `line` is in use from now on; unless others have been left since it was begun,
    /// when their number was `left`: it may lead to where they did.
    pub(super) fn opened(&self, wire: Wire, line: Line, left: u64) {
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
    pub(super) fn lost(&self, line: Line) {
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
    pub(super) fn cannot(&self, why: &str) {
        self.report.cannot_track(why, self.without);
        if self.without {
            self.l1.untracked(self.seat);
        }
    }

    /// What came by the connection `line` without having been asked for.
    pub(super) fn pushed(&self, line: Line, push: &PushInfo) {
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
