//! The connections of one Tokio runtime.
//!
//! A connection is driven by the runtime that opened it and starves while that one idles, so
//! each runtime has its own.

use super::events::Events;
use super::wire::Wire;
use crate::error::Error;
use crate::store::Event;
use crate::store::redis::report::{Moment, Report};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::watch;

/// What the connections are good for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The first attempt is under way; the one phase in which callers wait.
    Connecting,
    /// In use.
    Up,
    /// Out of use until the supervisor has seen them work; callers fail at once.
    Down,
    /// The runtime has ended, or cannot do I/O; for ever.
    Dead,
}

/// The state of a pool; in it a reader finds all that belongs together.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) phase: Phase,
    /// Raised whenever the pool comes up, so that a late error of what was before does no harm.
    generation: u64,
    /// Since when it is up.
    since: Moment,
    wires: Vec<Wire>,
}

/// The connections of one runtime.
#[derive(Debug)]
pub(crate) struct Pool {
    link: watch::Sender<Link>,
    /// Whose turn it is.
    turn: AtomicUsize,
    /// The generation that may not read several keys by one command; zero is none.
    singly: AtomicU64,
    report: Arc<Report>,
    events: Arc<Events>,
}

impl Pool {
    /// A pool that waits for its first connection, and what its supervisor watches.
    pub(super) fn new(report: Arc<Report>, events: Arc<Events>) -> (Self, watch::Receiver<Link>) {
        let (link, seen) = watch::channel(Link {
            phase: Phase::Connecting,
            generation: 0,
            since: report.moment(),
            wires: Vec::new(),
        });
        (Self { link, turn: AtomicUsize::new(0), singly: AtomicU64::new(0), report, events }, seen)
    }

    /// A connection to use, and its generation. Waits for the first attempt alone.
    pub(super) async fn wire(&self) -> Result<(Wire, u64), Error> {
        if let Some(answer) = self.pick() {
            return answer;
        }
        let mut link = self.link.subscribe();
        let settled = link.wait_for(|link| link.phase != Phase::Connecting).await;
        let settled = settled.map_err(|_| Error::Unavailable)?;
        self.pick_of(&settled).unwrap_or(Err(Error::Unavailable))
    }

    /// A connection, if those of `generation` are still in use.
    pub(super) fn wire_of(&self, generation: u64) -> Option<Wire> {
        let (wire, current) = self.pick()?.ok()?;
        (current == generation).then_some(wire)
    }

    /// A connection to use now, and its generation. `None` while it is not known yet.
    pub(super) fn pick(&self) -> Option<Result<(Wire, u64), Error>> {
        self.pick_of(&self.link.borrow())
    }

    fn pick_of(&self, link: &Link) -> Option<Result<(Wire, u64), Error>> {
        match link.phase {
            Phase::Connecting => None,
            Phase::Down | Phase::Dead => Some(Err(Error::Unavailable)),
            Phase::Up => {
                let turn = match link.wires.len() {
                    0 | 1 => 0,
                    several => self.turn.fetch_add(1, Ordering::Relaxed) % several,
                };
                let wire = link.wires.get(turn).cloned();
                Some(wire.map(|wire| (wire, link.generation)).ok_or(Error::Unavailable))
            }
        }
    }

    /// The generation of the connections that are in use, if any are.
    pub(super) fn generation(&self) -> Option<u64> {
        let link = self.link.borrow();
        (link.phase == Phase::Up).then_some(link.generation)
    }

    /// Whether the connections of `generation` have refused to read several keys by one command.
    pub(super) fn reads_singly(&self, generation: u64) -> bool {
        self.singly.load(Ordering::Relaxed) == generation
    }

    pub(super) fn read_singly(&self, generation: u64) {
        self.singly.store(generation, Ordering::Relaxed);
    }

    pub(super) fn phase(&self) -> Phase {
        self.link.borrow().phase
    }

    /// A connection of `generation` has failed: nobody uses these any more.
    pub(super) fn fail(&self, generation: u64, reason: &str) {
        let current = |link: &Link| {
            link.generation == generation && matches!(link.phase, Phase::Connecting | Phase::Up)
        };
        let since = {
            let link = self.link.borrow();
            if !current(&link) {
                return;
            }
            link.since
        };
        // Said before it takes effect, so that who has met the outage finds it in the log; and
        // outside of the lock, since a subscriber is the code of others.
        self.report.lost(since, reason);
        let (mut old, mut was_up) = (Vec::new(), false);
        self.link.send_if_modified(|link| {
            let current = current(link);
            if current {
                was_up = link.phase == Phase::Up;
                link.phase = Phase::Down;
                old = std::mem::take(&mut link.wires);
            }
            current
        });
        if was_up {
            self.events.tell(Event::Lost);
        }
    }

    /// These connections work.
    pub(super) fn up(&self, wires: Vec<Wire>) {
        let since = self.report.regained();
        let mut again = false;
        self.link.send_if_modified(|link| {
            let alive = link.phase != Phase::Dead;
            if alive {
                again = link.generation > 0;
                link.generation += 1;
                link.phase = Phase::Up;
                link.since = since;
                link.wires = wires;
            }
            alive
        });
        if again {
            self.events.tell(Event::Regained);
        }
    }

    /// Its supervisor has ended.
    pub(super) fn die(&self) {
        let (mut old, mut was_up) = (Vec::new(), false);
        self.link.send_modify(|link| {
            was_up = link.phase == Phase::Up;
            link.phase = Phase::Dead;
            old = std::mem::take(&mut link.wires);
        });
        if was_up {
            self.events.tell(Event::Lost);
        }
    }
}
