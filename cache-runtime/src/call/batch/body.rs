//! Around the body of a batch: which members it runs for, and what becomes of what it returned.

use super::members::{Body, Members, Step};
use crate::cache::context::{Held, Inside, Keys};
use crate::call::lease::give_back;
use crate::call::machine::{At, Machine};
use crate::codec::envelope::Payload;
use crate::error::Error;
use crate::figures::counters::Outcome;
use crate::plan::shape::SharedError;
use crate::together::all;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

impl Members {
    /// A body is to run: the first one for those whose turn it is, the second one for all that is
    /// left.
    pub(super) fn begin(&mut self) {
        let last = std::mem::replace(&mut self.ran, true);
        let mut run = Vec::new();
        let mut keys = HashSet::new();
        for (index, member) in self.at(|_| true) {
            let machine = &mut member.machine;
            match machine.at {
                At::Begin => machine.leads(),
                At::Claim if last => machine.leads(), // without the lease
                At::Beside => machine.beside(),
                _ if last => machine.beside(),
                // While the body runs nobody is to wait for what it does not compute.
                At::Claim => {
                    machine.leave();
                    continue;
                }
                _ => continue,
            }
            member.running = true;
            keys.insert(machine.call.key.clone());
            run.push(index);
        }
        let (keys, outer) = (Keys::Several(keys), Inside::current());
        let held = Arc::new(Held { cache: self.cache.again().into_cache(), keys, outer });
        let load = Some(self.function.load_begins());
        self.body = Some(Body { begun: Instant::now(), load, held });
        self.ready.push_back(Step::Run(run));
    }

    /// What is to be known while the body is polled.
    pub(super) fn held(&self) -> Option<Arc<Held>> {
        self.body.as_ref().map(|body| body.held.clone())
    }

    /// The body has returned. Says how many it was for.
    pub(super) fn returned(&mut self) -> usize {
        let Some(body) = &mut self.body else { return 0 };
        if let Some(load) = body.load.take() {
            load.ends();
        }
        // The time of a body is none of waiting.
        let ran_for = body.begun.elapsed();
        for (_, member) in self.at(|_| true) {
            if let Some(miss) = &mut member.machine.miss {
                miss.wait_until += ran_for;
            }
        }
        self.all.iter().filter(|member| member.running).count()
    }

    /// The machine of a member whose value, which the body returned, is to be stored.
    pub(super) fn storing(&mut self, index: usize) -> Option<&mut Machine> {
        let machine = self.all.get_mut(index).map(|member| &mut member.machine);
        machine.filter(|machine| machine.is_leader())
    }

    /// The body returned several values for a member: none of them is stored.
    pub(super) fn is_ambiguous(&self, index: usize) {
        if let Some(member) = self.all.get(index) {
            let why = "the body returned more than one value for one member";
            member.machine.call.not_storable(&Error::Codec(why.into()));
        }
    }

    /// What the body returned for a member is a failure of that member alone, whose `error` is stored if
    /// it can be. What is to be served in its place, if there is anything.
    pub(super) fn fails(&mut self, index: usize, error: Option<SharedError>) -> Option<Payload> {
        let machine = &mut self.all.get_mut(index)?.machine;
        let instead = machine.failed(error);
        drop(machine.take_lease());
        instead
    }

    /// The body failed. What can be served in the place of each member that it was for, if that is
    /// so of all. An error that can be copied is for those who wait for its only member: nobody
    /// knows which of several it is about.
    pub(super) fn failed(
        &mut self,
        mut error: Option<SharedError>,
    ) -> Option<Vec<(usize, Payload)>> {
        self.body = None;
        let running = self.all.iter_mut().enumerate().filter(|(_, member)| member.running);
        let mut leases = Vec::new();
        let instead: Vec<_> = running
            .map(|(index, member)| {
                member.running = false;
                let instead = member.machine.failed_with_others(error.take());
                leases.extend(member.machine.take_lease());
                Some((index, instead?))
            })
            .collect();
        // Others may be waited for now, and nothing is held meanwhile.
        give_back(leases);
        instead.into_iter().collect()
    }

    /// The call ends in a failure.
    pub(super) fn missed(&mut self, members: &[usize]) {
        for index in members {
            if let Some(member) = self.all.get(*index) {
                member.machine.missed();
            }
        }
    }

    /// Stores what the body returned, and lands the flights with it.
    pub(super) async fn fill(&mut self) {
        if self.body.take().is_none() {
            return;
        }
        let sent = Instant::now();
        let running = self.all.iter_mut().filter(|member| member.running);
        let fills = running.filter_map(|member| {
            (member.running, member.open) = (false, false);
            if !member.machine.is_leader() {
                member.machine.call.record(Outcome::Miss);
                return None;
            }
            Some(member.machine.fill())
        });
        all(fills).await;
        self.charge(sent);
    }
}
