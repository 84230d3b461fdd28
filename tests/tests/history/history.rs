//! What happened: every call, every computation and every write, with the times between which it
//! did.
//!
//! All times are those of one clock that all processes of the machine share, `CLOCK_MONOTONIC`.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Which of the cached functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Outlives every run.
    Lasting,
    /// Expires again and again.
    Brief,
    /// As brief, and refreshed before its end.
    Early,
    /// As brief, and served for a while after its end: at once, and where a body is slow or fails.
    Stale,
    /// Outlives every run, and all that there is has one tag.
    Tagged,
    /// Outlives every run, and its values say their tag.
    Saying,
    /// Outlives every run, and is kept in each process too.
    Kept,
    /// As [`Kind::Kept`], with the tag of [`Kind::Tagged`].
    Both,
    /// As [`Kind::Kept`], and its values say the tag of those of [`Kind::Saying`].
    Told,
}

impl Kind {
    pub const ALL: [Self; 9] = [
        Self::Lasting,
        Self::Brief,
        Self::Early,
        Self::Stale,
        Self::Tagged,
        Self::Saying,
        Self::Kept,
        Self::Both,
        Self::Told,
    ];

    /// Whether a process may have its values without asking Redis.
    pub fn is_kept(self) -> bool {
        matches!(self, Self::Kept | Self::Both | Self::Told)
    }

    /// Whether its values say their tags, which are known too late for its lease.
    pub fn says_tags(self) -> bool {
        matches!(self, Self::Saying | Self::Told)
    }
}

/// One key of one cached function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    pub kind: Kind,
    pub id: u64,
}

/// The value that is cached: it says where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub key: Key,
    /// Of the data that was read.
    pub version: u64,
    /// The computation, or the `put`.
    pub source: u64,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Value(Stamp),
    /// The error, which is stamped like a value.
    Error(Stamp),
    Cancelled,
    Panicked,
}

/// How a computation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    Value,
    Error,
    Panic,
    /// Its caller was cancelled.
    Dropped,
}

/// What is written down, in the order in which one process did it, before it has an effect.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    Call {
        call: u64,
        key: Key,
        refresh: bool,
    },
    Body {
        body: u64,
        call: u64,
        version: u64,
    },
    /// The body, which begins next, computes what others may have the lease of.
    Beside {
        body: u64,
    },
    BodyEnded {
        body: u64,
        ending: Ending,
    },
    CallEnded {
        call: u64,
        outcome: Outcome,
    },
    Invalidation {
        write: u64,
        keys: Vec<(Key, u64)>,
    },
    Put {
        write: u64,
        key: Key,
        version: u64,
    },
    /// A writer with `#[redis_put]`, and the version of the data once it has changed it.
    Save {
        write: u64,
        key: Key,
    },
    Saved {
        write: u64,
        version: u64,
    },
    WriteEnded {
        write: u64,
        ok: bool,
    },
    Died {
        process: u64,
    },
}

/// Ids are unique across processes, and say whose they are.
pub fn process_of(id: u64) -> u64 {
    id >> 32
}

#[derive(Debug, Clone)]
pub struct Call {
    pub key: Key,
    pub refresh: bool,
    pub began: Duration,
    /// `None`: its process was killed, and nobody saw what it would have returned.
    pub outcome: Option<Outcome>,
    /// Also where its process was killed.
    pub ended: Duration,
}

#[derive(Debug, Clone)]
pub struct Body {
    pub call: u64,
    pub version: u64,
    pub began: Duration,
    pub ended: Duration,
    pub ending: Option<Ending>,
    /// It is the second one of a call of many keys, which is for all that is left.
    pub beside: bool,
}

#[derive(Debug, Clone)]
pub struct Write {
    pub began: Duration,
    pub ended: Duration,
    /// Whether it returned `Ok`.
    pub ok: bool,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    /// Of these keys, whose data had these versions by then.
    Invalidation(Vec<(Key, u64)>),
    /// Of a value with this version.
    Put(Key, u64),
    /// Of a value with the version that the writer has made, once it has.
    Save(Key, Option<u64>),
}

impl What {
    /// The version that the data of `key` had when this was about to take older values out.
    pub fn outdates(&self, key: Key) -> Option<u64> {
        match self {
            Self::Invalidation(keys) => {
                keys.iter().find(|(of, _)| *of == key).map(|(_, version)| *version)
            }
            Self::Save(of, version) => version.filter(|_| *of == key),
            Self::Put(..) => None,
        }
    }

    pub fn concerns(&self, key: Key) -> bool {
        match self {
            Self::Invalidation(keys) => keys.iter().any(|(of, _)| *of == key),
            Self::Put(of, _) | Self::Save(of, _) => *of == key,
        }
    }
}

impl Body {
    /// When it is over, and so is the call that it is of: either can outlive the other.
    pub fn over(&self, call: &Call) -> Duration {
        self.ended.max(call.ended)
    }
}

/// A whole history, by id.
#[derive(Debug, Clone, Default)]
pub struct History {
    pub calls: BTreeMap<u64, Call>,
    pub bodies: BTreeMap<u64, Body>,
    pub writes: BTreeMap<u64, Write>,
    beside: BTreeSet<u64>,
}

impl History {
    /// Puts together what was written down, of one process in its order.
    pub fn of(events: &[(Duration, Event)]) -> Self {
        let mut history = Self::default();
        for (at, event) in events {
            history.add(*at, event.clone());
        }
        history
    }

    fn add(&mut self, at: Duration, event: Event) {
        // Until its end is seen, a thing has none.
        let (began, ended) = (at, Duration::MAX);
        match event {
            Event::Call { call, key, refresh } => {
                self.calls.insert(call, Call { key, refresh, began, ended, outcome: None });
            }
            Event::Body { body, call, version } => {
                let beside = self.beside.contains(&body);
                let known = Body { call, version, began, ended, ending: None, beside };
                self.bodies.insert(body, known);
            }
            Event::Beside { body } => drop(self.beside.insert(body)),
            Event::BodyEnded { body, ending } => {
                if let Some(body) = self.bodies.get_mut(&body) {
                    (body.ended, body.ending) = (at, Some(ending));
                }
            }
            Event::CallEnded { call, outcome } => {
                if let Some(call) = self.calls.get_mut(&call) {
                    (call.ended, call.outcome) = (at, Some(outcome));
                }
            }
            Event::Invalidation { write, keys } => {
                let what = What::Invalidation(keys);
                self.writes.insert(write, Write { began, ended, ok: false, what });
            }
            Event::Put { write, key, version } => {
                let what = What::Put(key, version);
                self.writes.insert(write, Write { began, ended, ok: false, what });
            }
            Event::Save { write, key } => {
                let what = What::Save(key, None);
                self.writes.insert(write, Write { began, ended, ok: false, what });
            }
            Event::Saved { write, version } => {
                if let Some(Write { what: What::Save(_, made), .. }) = self.writes.get_mut(&write) {
                    *made = Some(version);
                }
            }
            Event::WriteEnded { write, ok } => {
                if let Some(write) = self.writes.get_mut(&write) {
                    (write.ended, write.ok) = (at, ok);
                }
            }
            Event::Died { process } => self.died(process, at),
        }
    }

    fn died(&mut self, process: u64, at: Duration) {
        let calls = self.calls.iter_mut().map(|(id, call)| (id, &mut call.ended));
        let bodies = self.bodies.iter_mut().map(|(id, body)| (id, &mut body.ended));
        let writes = self.writes.iter_mut().map(|(id, write)| (id, &mut write.ended));
        for (id, ended) in calls.chain(bodies).chain(writes) {
            if process_of(*id) == process && *ended == Duration::MAX {
                *ended = at;
            }
        }
    }
}
