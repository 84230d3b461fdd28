//! Around the body: what is noted before it runs, and what becomes of what it returned.

use super::lease::{Lease, NoLease};
use super::machine::{At, Machine, Miss, Serving, Step};
use super::tags::tags_of_value;
use crate::cache::context::{Held, Inside, Keys};
use crate::codec::envelope::Payload;
use crate::error::Error;
use crate::figures::counters::Outcome;
use crate::flight::landing::Landing;
use crate::flight::single_flight::Leader;
use crate::key::tagging::TagWriter;
use crate::plan::errors::StoredError;
use crate::plan::rules::{Computed, Said, Storable};
use crate::plan::shape::SharedError;
use crate::store::Act;
use crate::timers;
use std::sync::Arc;

/// While this lives the body is polled. It holds nothing that is to be dropped, which would be code of every
/// cached function.
pub(crate) struct Entered<'m>(Option<&'m mut Machine>);

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        Machine::exit(self.0.take());
    }
}

impl Machine {
    /// The body is about to run for everybody who waits.
    pub(super) fn begin(&mut self) -> Step {
        let load = self.call.function.load_begins();
        self.leads();
        if let Some(miss) = &mut self.miss {
            let (cache, key) = (self.call.cache.again().into_cache(), self.call.key.clone());
            let (keys, outer) = (Keys::One(key), Inside::current());
            miss.held = Some(Arc::new(Held { cache, keys, outer }));
            miss.load = Some(load);
        }
        Step::Compute
    }

    /// The body that is about to run computes this key.
    pub(super) fn leads(&mut self) {
        self.at = At::Running;
        let begun = self.rules.early().map(|_| self.call.cache.clock().now());
        if let Some(miss) = &mut self.miss {
            miss.began = miss.leader.as_ref().map_or(0, Leader::begins);
            miss.begun = begun;
        }
    }

    /// While this lives the body is polled. Its cached calls are to know that this call leads its
    /// key: one of them that needs the same key would wait for itself.
    #[inline(never)]
    pub(crate) fn enter(machine: Option<&mut Self>) -> Entered<'_> {
        let mut machine = machine;
        if let Some(miss) = machine.as_mut().and_then(|machine| machine.miss.as_mut()) {
            miss.inside = Some(Inside::enter(miss.held.as_ref()));
        }
        Entered(machine)
    }

    #[inline(never)]
    fn exit(machine: Option<&mut Self>) {
        if let Some(miss) = machine.and_then(|machine| machine.miss.as_mut()) {
            miss.inside = None;
        }
    }

    /// The body is about to run side by side with others: no lease covers it, so nothing is stored.
    pub(super) fn begin_beside(&mut self) -> Step {
        self.beside();
        self.call.record(Outcome::Miss);
        let load = self.call.function.load_begins();
        if let Some(miss) = &mut self.miss {
            miss.load = Some(load);
        }
        Step::Compute
    }

    /// The body that is about to run computes this key side by side with others.
    pub(super) fn beside(&mut self) {
        self.at = At::Running;
        if let Some(miss) = &mut self.miss {
            miss.waiter = None;
        }
    }

    /// Whether others may wait for what this call computes.
    pub(super) fn is_leader(&self) -> bool {
        self.miss.as_ref().is_some_and(|miss| miss.leader.is_some())
    }

    /// Ends the flight that this call leads and has not begun to compute. It looks again later.
    pub(super) fn leave(&mut self) {
        self.at = At::Look;
        if let Some(miss) = &mut self.miss {
            miss.leader = None;
        }
    }

    /// The lease, if it is held.
    pub(super) fn take_lease(&mut self) -> Option<Lease> {
        let miss = self.miss.as_mut()?;
        std::mem::replace(&mut miss.lease, Err(NoLease::Theirs)).ok()
    }

    /// What is to be done with an error that the store has: it is what the call comes to, where the
    /// function stores its own. Else it is another function's, and there to be replaced.
    pub(super) fn serve_error(&mut self, error: &Payload) -> Option<Step> {
        if !self.rules.stores_errors() {
            return None;
        }
        let Self { call, rules, miss, .. } = self;
        Miss::of(miss, call, rules).error = Some(StoredError(error.to_vec()));
        Some(Step::CopyError)
    }

    /// Copies the error that the store has, or that the flight came to that was waited for: `copy` says
    /// whether it could be.
    #[inline(never)]
    pub(crate) fn copy_error(&mut self, copy: &mut dyn FnMut(&SharedError) -> bool) {
        if let Some(error) = self.miss.as_mut().and_then(|miss| miss.error.take()) {
            let error: SharedError = Box::new(error);
            if !copy(&error) {
                return self.call.codec_failed(&Error::Codec("an error of another form".into()));
            }
            self.call.record(Outcome::Hit);
            if let Some(leader) = self.miss.as_mut().and_then(|miss| miss.leader.take()) {
                leader.land(Landing::Error(error));
            }
            return;
        }
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
        self.is_leader()
    }

    /// It is a failure, whose `error` can be handed to who waits, if it can be copied. What to
    /// return in its place, if there is anything.
    #[inline(never)]
    pub(crate) fn failed(&mut self, error: Option<SharedError>) -> Option<Payload> {
        self.comes_to_an_error(error, self.rules.stores_errors())
    }

    /// [`failed`](Self::failed) where nobody knows whether the failure is about this key or about others
    /// that the body ran for: it is not stored.
    pub(super) fn failed_with_others(&mut self, error: Option<SharedError>) -> Option<Payload> {
        self.comes_to_an_error(error, false)
    }

    fn comes_to_an_error(&mut self, error: Option<SharedError>, stores: bool) -> Option<Payload> {
        let mut to_store = None;
        self.ends();
        if let Some(leader) = self.miss.as_mut().and_then(|miss| miss.leader.take()) {
            if stores && !leader.is_forgotten() {
                let known = error.as_ref().and_then(|error| error.downcast_ref::<StoredError>());
                to_store = Some(known.map(|StoredError(bytes)| bytes.clone()));
            }
            leader.land_for_all(error.map_or(Landing::Unshared, Landing::Error));
        }
        if let Some(Step::Serve(value)) = self.instead(Serving::InsteadOfFailure) {
            return Some(value);
        }
        match to_store {
            Some(Some(bytes)) => self.store_error(bytes),
            Some(None) => {
                self.call.not_storable(&Error::Codec("its error reads back changed".into()));
            }
            None => {}
        }
        None
    }

    /// Has who waits for this computation in other processes told that it ended without a value.
    fn ends(&mut self) {
        if let Some(miss) = &mut self.miss
            && let Ok(lease) = &mut miss.lease
            && miss.leader.as_ref().is_some_and(|leader| !leader.is_forgotten())
        {
            lease.ends();
        }
    }

    /// Stores a failure under the lease that its body had, behind the caller: who asks meanwhile waits for
    /// the lease. Not where a value may be there that is good for something.
    fn store_error(&mut self, mut bytes: Vec<u8>) {
        let Self { call, rules, budget, miss: Some(miss), .. } = self else { return };
        if call.refresh || call.is_behind() || !timers::available() {
            return;
        }
        let life = rules.error_life(call.cache.settings()).filter(|life| life.as_millis() > 0);
        let (Some(life), Some(within)) = (life, budget.left()) else { return };
        if let Ok(lease) = std::mem::replace(&mut miss.lease, Err(NoLease::Theirs))
            && lease.seal_error(&mut bytes).is_ok()
        {
            drop(tokio::spawn(async move { lease.settle(Act::Fill(&bytes, life), within).await }));
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

    /// What was encoded has tags of its own, which `write` says.
    #[inline(never)]
    pub(crate) fn tag(&mut self, write: &dyn Fn(&mut TagWriter<'_>)) {
        let Self { call, miss: Some(miss), .. } = self else { return };
        match tags_of_value(&call.cache, &call.tags(), write) {
            Ok(own) => miss.own_tags = own,
            Err(error) => {
                call.not_storable(&error);
                miss.storing = None;
            }
        }
    }
}
