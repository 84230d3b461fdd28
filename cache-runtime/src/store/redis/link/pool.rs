//! The connections of one Tokio runtime.
//!
//! A connection is driven by the runtime that opened it and starves while that one idles, so
//! each runtime has its own.

use super::events::Events;
use super::wire::Wire;
use crate::error::Error;
use crate::store::Event;
use crate::store::redis::harmful::Harmful;
use crate::store::redis::report::{Moment, Report};
use redis::{Cmd, RedisResult, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::{Mutex, watch};

/// What the connections are good for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The first attempt is under way, or one that replaces connections which have ended though
    /// nothing speaks against the server; the one phase in which callers wait.
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
    /// No generation may, since keys of one command are in one slot.
    in_slots: bool,
    report: Arc<Report>,
    events: Arc<Events>,
    harmful: Arc<Harmful>,
    /// One at a time is sent again.
    again: Mutex<()>,
}

impl Pool {
    /// A pool that waits for its first connection, and what its supervisor watches.
    pub(super) fn new(
        report: Arc<Report>,
        events: Arc<Events>,
        harmful: Arc<Harmful>,
        in_slots: bool,
    ) -> (Self, watch::Receiver<Link>) {
        let (link, seen) = watch::channel(Link {
            phase: Phase::Connecting,
            generation: 0,
            since: report.moment(),
            wires: Vec::new(),
        });
        let (turn, singly, again) = (AtomicUsize::new(0), AtomicU64::new(0), Mutex::default());
        (Self { link, turn, singly, in_slots, report, events, harmful, again }, seen)
    }

    /// A connection to use; `generation` becomes its own. Waits while one is being made; meanwhile
    /// `generation` is that of the connections before, so that who waits in vain can say so.
    pub(crate) async fn wire(&self, generation: &mut u64) -> Result<Wire, Error> {
        let answer = match self.pick() {
            Some(answer) => answer,
            None => {
                *generation = self.link.borrow().generation;
                self.settled().await
            }
        };
        let (wire, current) = answer?;
        *generation = current;
        Ok(wire)
    }

    async fn settled(&self) -> Result<(Wire, u64), Error> {
        let mut link = self.link.subscribe();
        let settled = link.wait_for(|link| link.phase != Phase::Connecting).await;
        let settled = settled.map_err(|_| Error::Unavailable)?;
        self.pick_of(&settled).unwrap_or(Err(Error::Unavailable))
    }

    /// A connection to use now, and its generation. `None` while it is not known yet.
    pub(super) fn pick(&self) -> Option<Result<(Wire, u64), Error>> {
        self.pick_of(&self.link.borrow())
    }

    #[inline] // a part of every command
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
        self.in_slots || self.singly.load(Ordering::Relaxed) == generation
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
        let (mut old, mut is_news) = (Vec::new(), false);
        self.link.send_if_modified(|link| {
            let current = current(link);
            if current {
                // Also where it never was connected: a node may be announced where it is not. That
                // connections are being replaced was told before.
                is_news = link.phase == Phase::Up || link.generation == 0;
                link.phase = Phase::Down;
                old = std::mem::take(&mut link.wires);
            }
            current
        });
        if is_news {
            self.events.tell(Event::Lost);
        }
    }

    /// An attempt to connect has failed: nobody waits for it any more.
    pub(super) fn give_up(&self, reason: &str) {
        let generation = self.link.borrow().generation;
        self.fail(generation, reason);
    }

    /// The connections of `generation` have ended, or one of them has. Servers and proxies close
    /// what idles, so that is no outage, and nothing is said unless connecting fails.
    pub(crate) fn replace(&self, generation: u64) {
        let mut old = Vec::new();
        let replaced = self.link.send_if_modified(|link| {
            let current = link.generation == generation && link.phase == Phase::Up;
            if current {
                link.phase = Phase::Connecting;
                old = std::mem::take(&mut link.wires);
            }
            current
        });
        if replaced {
            self.events.tell(Event::Lost);
        }
    }

    /// Sends once more a command, about `key` if it has one, that changes nothing and had its connection end under
    /// it. One at a time, so that it is known who is to blame where a connection ends again.
    pub(crate) async fn send_again(
        &self,
        command: &Cmd,
        key: Option<&str>,
        generation: &mut u64,
    ) -> Result<RedisResult<Value>, Error> {
        let _turn = self.again.lock().await;
        if key.is_some_and(|key| self.harmful.leaves_alone(key)) {
            return Err(Error::Unavailable);
        }
        let mut wire = self.wire(generation).await?;
        let reply = wire.send(command).await;
        if matches!(&reply, Err(error) if error.is_connection_dropped()) {
            self.replace(*generation);
            if let Some(key) = key.filter(|key| self.harmful.harmed(key, 2)) {
                self.report.leaves_alone(key);
            }
            return Err(Error::Unavailable);
        }
        Ok(reply)
    }

    /// These connections work. Answers their generation.
    pub(super) fn up(&self, wires: Vec<Wire>) -> u64 {
        let since = self.report.regained();
        let (mut again, mut generation) = (false, 0);
        self.link.send_if_modified(|link| {
            let alive = link.phase != Phase::Dead;
            if alive {
                again = link.generation > 0;
                link.generation = self.events.next_generation();
                generation = link.generation;
                link.phase = Phase::Up;
                link.since = since;
                link.wires = wires;
            }
            alive
        });
        if again {
            self.events.tell(Event::Regained);
        }
        generation
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_connected_is_lost_as_well() {
        let (events, lost) = (Arc::new(Events::default()), Arc::new(AtomicUsize::new(0)));
        let told = lost.clone();
        events.listen(Box::new(move |event| {
            assert_eq!(event, Event::Lost);
            told.fetch_add(1, Ordering::Relaxed);
        }));
        let report = Arc::new(Report::new("r".to_owned()));
        let (pool, _seen) = Pool::new(report, events, Arc::default(), true);
        for _ in 0..2 {
            pool.give_up("nobody is there");
        }
        assert_eq!(lost.load(Ordering::Relaxed), 1);
        assert_eq!(pool.phase(), Phase::Down);
    }
}
