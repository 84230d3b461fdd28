//! G4: who may compute beside whom.

use crate::check::Check;
use crate::history::{Body, Call, Ending};
use crate::tell::told_body;
use std::time::Duration;

/// Between the end of a cancelled call and the drop of its body, on a busy machine.
const DROPPING: Duration = Duration::from_millis(100);

impl Check<'_> {
    /// G4: one body per key at a time, but for what the design excepts.
    pub fn one_at_a_time(&mut self) {
        let known = |body: &Body| self.history.calls.get(&body.call).cloned();
        let mut bodies: Vec<_> = self.history.bodies.iter().collect();
        bodies.sort_by_key(|(_, body)| body.began);
        let bodies: Vec<_> =
            bodies.into_iter().filter_map(|(id, body)| Some((id, body, known(body)?))).collect();
        let mut running: Vec<&(&u64, &Body, Call)> = Vec::new();
        let mut found = Vec::new();
        // A cancelled body is not polled any more from a moment before it is seen to be dropped.
        let stopped = |body: &Body| match body.ending {
            Some(Ending::Dropped) => body.ended.saturating_sub(DROPPING),
            _ => body.ended,
        };
        for late in &bodies {
            running.retain(|early| stopped(early.1) > late.1.began);
            for early in running.iter().filter(|early| early.2.key == late.2.key) {
                if !self.excepted((early.1, &early.2), (late.1, &late.2)) {
                    let told =
                        |of: &(&u64, &Body, Call)| told_body(early.1.began, *of.0, of.1, &of.2);
                    let (key, early, late) = (early.2.key, told(early), told(late));
                    found.push(format!("two bodies of {key:?} at once: {early}; {late}"));
                }
            }
            running.push(late);
        }
        for what in found {
            self.broken("G4", what);
        }
    }

    /// Whether `late` may run beside `early`.
    fn excepted(&self, early: (&Body, &Call), late: (&Body, &Call)) -> bool {
        let (from, to) = (early.1.began.min(late.1.began), late.0.began);
        let meanwhile = |began: Duration, ended: Duration| began <= to && ended >= from;
        let key = early.1.key;
        let lost_its_lease = to.saturating_sub(early.0.began) > self.rules.lease;
        let waited = |(body, call): (&Body, &Call)| body.began - call.began >= self.rules.wait;
        let written = || {
            self.history
                .writes
                .values()
                .any(|write| write.what.concerns(key) && meanwhile(write.began, write.ended))
        };
        // They take the lease by force.
        let refreshed = || {
            let mut calls = self.history.calls.values().filter(|call| call.key == key);
            calls.any(|call| call.refresh && meanwhile(call.began, call.ended))
        };
        // After an error the waiters compute at once, side by side.
        let failed = || {
            self.history.bodies.values().any(|body| {
                body.ending == Some(Ending::Error)
                    && meanwhile(body.ended, body.ended)
                    && self.history.calls.get(&body.call).is_some_and(|call| call.key == key)
            })
        };
        // A value whose tag was invalidated while it was computed is not stored: as after an error.
        let refused = || {
            let over = |(body, call): (&Body, &Call)| {
                body.ending == Some(Ending::Value)
                    && meanwhile(body.ended, body.over(call).saturating_add(DROPPING))
                    && call.key == key
                    && self.history.writes.values().any(|write| {
                        write.what.concerns(key)
                            && write.began <= body.ended
                            && write.ended >= call.began
                    })
            };
            let mut bodies = self.history.bodies.values();
            key.kind.says_tags()
                && bodies.any(|body| {
                    self.history.calls.get(&body.call).is_some_and(|call| over((body, call)))
                })
        };
        let beside = early.0.beside || late.0.beside;
        lost_its_lease
            || beside
            || waited(early)
            || waited(late)
            || written()
            || refreshed()
            || failed()
            || refused()
    }
}
