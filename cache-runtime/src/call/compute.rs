//! Around the body: what is noted before it runs, and what becomes of what it returned.

use super::machine::{At, Machine, Serving, Step};
use crate::cache::context::{Held, Inside};
use crate::codec::envelope::Payload;
use crate::figures::counters::Outcome;
use crate::flight::landing::Landing;
use crate::flight::single_flight::Leader;
use crate::plan::rules::{Computed, Said, Storable};
use crate::plan::shape::SharedError;
use std::sync::Arc;

impl Machine {
    /// The body is about to run for everybody who waits.
    pub(super) fn begin(&mut self) -> Step {
        self.at = At::Running;
        let begun = self.rules.early().map(|_| self.call.cache.clock().now());
        let load = self.call.function.load_begins();
        if let Some(miss) = &mut self.miss {
            miss.began = miss.leader.as_ref().map_or(0, Leader::begins);
            let (cache, key) = (self.call.cache.again().into_cache(), self.call.key.clone());
            let outer = Inside::current();
            miss.held = Some(Arc::new(Held { cache, key, outer }));
            miss.begun = begun;
            miss.load = Some(load);
        }
        Step::Compute
    }

    /// While this lives the body is polled. Its cached calls are to know that this call leads its
    /// key: one of them that needs the same key would wait for itself.
    #[inline(never)]
    pub(crate) fn enter(&self) -> Inside {
        Inside::enter(self.miss.as_ref().and_then(|miss| miss.held.as_ref()))
    }

    /// The body is about to run side by side with others: no lease covers it, so nothing is stored.
    pub(super) fn begin_beside(&mut self) -> Step {
        self.at = At::Running;
        self.call.record(Outcome::Miss);
        let load = self.call.function.load_begins();
        if let Some(miss) = &mut self.miss {
            miss.waiter = None;
            miss.load = Some(load);
        }
        Step::Compute
    }

    /// Copies the error of the flight that was waited for: `copy` says whether it could be.
    #[inline(never)]
    pub(crate) fn copy_error(&mut self, copy: &mut dyn FnMut(&SharedError) -> bool) {
        let waiter = self.miss.as_mut().and_then(|miss| miss.waiter.take());
        if waiter.is_some_and(|waiter| waiter.copy_error(copy)) {
            self.call.record(Outcome::Coalesced);
        }
    }

    /// The body has returned. Says whether anybody but the caller is concerned.
    #[inline(never)]
    pub(crate) fn returned(&mut self) -> bool {
        let Some(miss) = &mut self.miss else { return false };
        if let Some(load) = miss.load.take() {
            load.ends();
        }
        miss.leader.is_some()
    }

    /// It is a failure, whose `error` can be handed to who waits, if it can be copied. What to
    /// return in its place, if there is anything.
    #[inline(never)]
    pub(crate) fn failed(&mut self, error: Option<SharedError>) -> Option<Payload> {
        if let Some(leader) = self.miss.as_mut().and_then(|miss| miss.leader.take()) {
            leader.land_for_all(error.map_or(Landing::Unshared, Landing::Error));
        }
        match self.instead(Serving::InsteadOfFailure) {
            Some(Step::Serve(value)) => Some(value),
            _ => None,
        }
    }

    /// The caller gets a failure, or nothing in time.
    #[inline(never)]
    pub(crate) fn missed(&self) {
        self.call.record(Outcome::Miss);
    }

    /// It is a value, of which the options say so much, and which is to be stored.
    #[inline(never)]
    pub(crate) fn encode(&mut self, said: Said, value: &dyn Storable) {
        let Self { call, rules, miss: Some(miss), .. } = self else { return };
        let clock = call.cache.clock();
        let computed = Computed {
            key: &call.key,
            said,
            ttl: None,
            load: miss.begun.map(|begun| clock.now().saturating_sub(begun)),
            wanted: miss.leader.as_ref().is_some_and(Leader::has_waiters),
        };
        let room = call.function.expected_size();
        match rules.storing(computed, call.cache.settings(), room, value) {
            Ok(storing) => {
                call.function.note_size(storing.bytes.as_ref().map_or(room, Vec::len));
                miss.storing = Some(storing);
            }
            Err(error) => call.not_storable(&error),
        }
    }
}
