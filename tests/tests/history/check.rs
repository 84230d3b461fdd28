//! The checker: what in a history breaks a guarantee. Pure; each rule errs, where the clock's
//! readings leave room, on the side of the cache.

use crate::history::{Body, Call, Ending, History, Kind, Outcome, Stamp, What, Write, process_of};
use crate::tell::{name, since};
use std::fmt;
use std::time::Duration;

/// What a run's surroundings allow.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The time to live of each function.
    pub life: fn(Kind) -> Duration,
    /// How long after the end of a computing call its fill may arrive.
    pub fill_delay: Duration,
    /// How long an answer of the store may be on its way.
    pub answer_delay: Duration,
    /// How long a call may take beside its own body.
    pub patience: Duration,
    /// How long a call waits for another's computation.
    pub wait: Duration,
    /// A holder whose body runs for longer may have lost its lease to a stalled machine.
    pub lease: Duration,
    /// Whether the store is in trouble at times. Then a process that is cut off shares its
    /// computations with who joins them (an exception in the guide), and may compute side by side
    /// with others.
    pub trouble: bool,
}

/// How late a process may hear of what another one has invalidated.
const HEARD: Duration = Duration::from_secs(1);

/// A broken guarantee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub guarantee: &'static str,
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.guarantee, self.what)
    }
}

/// All that is wrong with `history`.
pub fn check(history: &History, rules: &Rules) -> Vec<Violation> {
    let mut check = Check { history, rules, slowest: slowest(history), found: Vec::new() };
    for (id, call) in &history.calls {
        check.in_time(*id, call);
        match call.outcome {
            Some(Outcome::Value(stamp)) => {
                if check.is_somebodys(*id, call, stamp, Ending::Value) {
                    check.not_stale(*id, call, stamp);
                    check.not_expired(*id, call, stamp);
                }
            }
            Some(Outcome::Error(stamp)) => {
                check.is_somebodys(*id, call, stamp, Ending::Error);
            }
            Some(Outcome::Cancelled | Outcome::Panicked) | None => {}
        }
    }
    check.once_per_call();
    if !rules.trouble {
        check.one_at_a_time();
    }
    check.found
}

/// What the rules, here and in `overlap`, look at.
pub struct Check<'h> {
    pub history: &'h History,
    pub rules: &'h Rules,
    /// How long storing has taken at the most.
    slowest: Duration,
    found: Vec<Violation>,
}

/// How long it was at the most from the end of a body to that of its call, which waits until the value is
/// stored. Of one that goes on behind its call nobody sees that, and the machine is as slow for it.
fn slowest(history: &History) -> Duration {
    let bodies = history.bodies.values().filter(|body| body.ending == Some(Ending::Value));
    let took = bodies.filter_map(|body| {
        let call = history.calls.get(&body.call).filter(|call| call.outcome.is_some())?;
        Some(call.ended.saturating_sub(body.ended))
    });
    took.max().unwrap_or_default()
}

impl Check<'_> {
    pub fn broken(&mut self, guarantee: &'static str, what: String) {
        self.found.push(Violation { guarantee, what });
    }

    /// G1: it does not hang.
    fn in_time(&mut self, id: u64, call: &Call) {
        let own = self.history.bodies.values().filter(|body| body.call == id);
        let own = own.fold(Duration::ZERO, |sum, b| sum.saturating_add(b.ended - b.began));
        let took = call.ended - call.began;
        if took > own.saturating_add(self.rules.patience) {
            let what = format!("call {} took {took:?}, its body {own:?}: {call:?}", name(id));
            self.broken("G1", what);
        }
    }

    /// G1: what is returned was computed, or put, and G2: for this key.
    fn is_somebodys(&mut self, id: u64, call: &Call, stamp: Stamp, ending: Ending) -> bool {
        if stamp.key != call.key {
            self.broken("G2", self.told(id, call, stamp));
            return false;
        }
        let known = match (self.body(stamp), self.put(stamp)) {
            (Some((body, source)), _) => {
                // An error is handed over within its process alone.
                let near = process_of(stamp.source) == process_of(id);
                source.key == call.key
                    && body.version == stamp.version
                    && body.ending == Some(ending)
                    && body.ended <= call.ended
                    && (ending == Ending::Value || near)
            }
            (None, Some(put)) => matches!(put.what,
                What::Put(key, version) | What::Save(key, Some(version))
                    if (key, version) == (stamp.key, stamp.version)),
            (None, None) => false,
        };
        if !known {
            let told = self.told(id, call, stamp);
            self.broken("G1", format!("{told}, which nobody had computed by then"));
        }
        known
    }

    pub fn body(&self, stamp: Stamp) -> Option<(&Body, &Call)> {
        let body = self.history.bodies.get(&stamp.source)?;
        Some((body, self.history.calls.get(&body.call)?))
    }

    pub fn put(&self, stamp: Stamp) -> Option<&Write> {
        self.history.writes.get(&stamp.source)
    }

    /// G3: not computed before an invalidation that was over when the call began.
    fn not_stale(&mut self, id: u64, call: &Call, stamp: Stamp) {
        for (write, invalidation) in &self.history.writes {
            let Some(version) = invalidation.what.outdates(call.key) else { continue };
            // What is kept in a process is served until it has heard of a write elsewhere.
            let is_heard = match call.key.kind.is_kept() && process_of(*write) != process_of(id) {
                true => HEARD,
                false => Duration::ZERO,
            };
            let known = invalidation.ended.saturating_add(is_heard);
            if !invalidation.ok || known >= call.began || *write == stamp.source {
                continue;
            }
            let stale = match (self.body(stamp), self.put(stamp)) {
                (Some((body, source)), _) => {
                    let shared_in_trouble = self.rules.trouble
                        && process_of(stamp.source) == process_of(id)
                        && process_of(*write) != process_of(id)
                        && call.began < body.over(source);
                    let older = body.began < invalidation.began || stamp.version < version;
                    older && !shared_in_trouble
                }
                // A writer stores under a lease that it took before it changed the data.
                (None, Some(Write { what: What::Save(..), .. })) => stamp.version < version,
                // Of two writes at one time either may be the later.
                (None, Some(put)) => put.ended < invalidation.began,
                (None, None) => false,
            };
            if stale {
                let at = |time| since(call.began, time);
                let what = format!(
                    "{}, and invalidation {} ran from {} to {}, so that the data had version {version}",
                    self.told(id, call, stamp),
                    name(*write),
                    at(invalidation.began),
                    at(invalidation.ended),
                );
                return self.broken("G3", what);
            }
        }
    }

    /// G5: neither asked for after its end, nor answered long after it.
    fn not_expired(&mut self, id: u64, call: &Call, stamp: Stamp) {
        let filled = match (self.body(stamp), self.put(stamp)) {
            (Some((body, source)), _) => body.over(source),
            (None, Some(put)) => put.ended,
            (None, None) => return,
        };
        let end = filled
            .saturating_add(self.rules.fill_delay)
            .saturating_add(self.slowest)
            .saturating_add((self.rules.life)(call.key.kind));
        if call.began > end || call.ended > end.saturating_add(self.rules.answer_delay) {
            let (told, end) = (self.told(id, call, stamp), since(call.began, end));
            self.broken("G5", format!("{told}, whose life ended at {end} at the latest"));
        }
    }

    /// G1: no call runs its body twice.
    fn once_per_call(&mut self) {
        let mut calls: Vec<_> = self.history.bodies.values().map(|body| body.call).collect();
        calls.sort_unstable();
        for pair in calls.windows(2).filter(|pair| pair[0] == pair[1]) {
            self.broken("G1", format!("call {} ran its body twice", name(pair[0])));
        }
    }
}
