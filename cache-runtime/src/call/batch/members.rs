//! The algorithm for many keys, compiled once. Each member is a [`Machine`] of its own, whose steps
//! it goes through; here is decided when they go together.
//!
//! Those whose leases are ours are computed by one body, filled, and landed. Only then are the
//! flights and leases of others waited for, and nothing is held meanwhile: two batches that
//! overlap never wait for each other. What then is left when a lease falls to us, or the wait ends,
//! is computed by a second body, which is the last. `tests/tests/model/batch` shows what each of
//! these rules is for.

use crate::backoff::Backoff;
use crate::cache::Handle;
use crate::cache::context::Held;
use crate::call::Active;
use crate::call::budget::Budget;
use crate::call::claim::{Claimed, FIRST_PAUSE, LONGEST_PAUSE};
use crate::call::lease::{NoLease, give_back};
use crate::call::machine::{self, At, Machine};
use crate::codec::envelope::Payload;
use crate::error::Error;
use crate::figures::measure::Load;
use crate::flight::landing::Waited;
use crate::function::Function;
use crate::plan::rules::Rules;
use crate::plan::shape::SharedError;
use crate::timers;
use crate::together::{all, any};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

/// What is to be done next.
pub(super) enum Step {
    /// Decode this for a member, and say [`Members::served`] or [`Members::refused`].
    Serve(usize, Payload),
    /// Copy the error that the store has of a member, or the one of the flight that it waited for: it is
    /// what the member comes to, or what the call returns.
    CopyError(usize),
    /// Run the body for these.
    Run(Vec<usize>),
    /// Every member has been dealt with.
    Over,
}

/// The members of one call.
pub(super) struct Members {
    pub(super) function: &'static Function,
    pub(super) cache: Handle,
    pub(super) all: Vec<Member>,
    pub(super) ready: VecDeque<Step>,
    /// What all commands have together; those that go at one time spend it at one time.
    budget: Budget,
    backoff: Backoff,
    /// The body that runs now, or has returned and is to be stored.
    pub(super) body: Option<Body>,
    /// Whether a body has run.
    pub(super) ran: bool,
}

pub(super) struct Member {
    pub(super) machine: Machine,
    /// There is no result yet.
    pub(super) open: bool,
    /// Its lease has been asked for since the last pause.
    asked: bool,
    /// It is computed by the body.
    pub(super) running: bool,
}

/// A body that computes some of the members.
pub(super) struct Body {
    pub(super) begun: Instant,
    pub(super) load: Option<Load>,
    pub(super) held: Arc<Held>,
}

impl Members {
    pub(super) fn new(
        function: &'static Function,
        cache: Handle,
        calls: Vec<Active>,
        rules: &Rules,
    ) -> Self {
        let member = |call| Member {
            machine: Machine::new(call, rules, None),
            open: true,
            asked: false,
            running: false,
        };
        Self {
            function,
            budget: Budget::new(cache.budget()),
            cache,
            all: calls.into_iter().map(member).collect(),
            ready: VecDeque::new(),
            backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE),
            body: None,
            ran: false,
        }
    }

    /// The next step that is known. `None`: [`advance`](Self::advance) first.
    pub(super) fn step(&mut self) -> Option<Step> {
        self.ready.pop_front()
    }

    /// Goes on until there is a step.
    // Boxed, and without its type: who awaits it compiles none of it.
    pub(super) fn advance(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            while self.ready.is_empty() {
                self.go_on().await;
            }
        })
    }

    async fn go_on(&mut self) {
        self.fill().await;
        self.look().await;
        if !self.ready.is_empty() {
            return;
        }
        self.join();
        self.ask().await;
        self.stop_waiting();
        // What was found there and is of no use is asked for once more.
        let asks = self.at(|at| at == At::Claim).any(|(_, member)| !member.asked);
        if asks || !self.ready.is_empty() {
            return;
        }
        if self.at(|at| matches!(at, At::Begin | At::Beside)).next().is_some() {
            self.begin();
        } else if self.all.iter().any(|member| member.open) {
            self.wait().await;
        } else {
            self.ready.push_back(Step::Over);
        }
    }

    /// Those without a result that are there.
    pub(super) fn at(
        &mut self,
        there: fn(At) -> bool,
    ) -> impl Iterator<Item = (usize, &mut Member)> {
        let all = self.all.iter_mut().enumerate();
        all.filter(move |(_, member)| member.open && there(member.machine.at))
    }

    /// Looks all up that have not been.
    async fn look(&mut self) {
        let sent = Instant::now();
        let cache = self.cache.again();
        let _together = (self.all.len() > 1).then(|| cache.store().together());
        let looks = self
            .at(|at| at == At::Look)
            .map(|(index, member)| async move { Some((index, member.machine.look().await?)) });
        let looked = all(looks).await;
        self.charge(sent);
        self.add(looked.into_iter().flatten());
    }

    /// Joins the flights of all that were not found, in one step.
    fn join(&mut self) {
        let there = |member: &&mut Member| member.open && member.machine.at == At::Join;
        let Self { cache, all, .. } = self;
        let mut joining: Vec<_> = all.iter_mut().filter(there).collect();
        let shares = joining.first().is_some_and(|member| member.machine.rules.shares_here());
        if shares {
            let entries = joining.iter().map(|member| &member.machine.call);
            let roles = cache.flights().join_all(entries.map(|call| (&call.key, call.tags())));
            for (member, role) in joining.iter_mut().zip(roles) {
                member.machine.joined(role);
            }
        } else {
            joining.iter_mut().for_each(|member| drop(member.machine.join()));
        }
    }

    /// Asks for all leases of those that this call leads.
    async fn ask(&mut self) {
        let sent = Instant::now();
        let asking = self.at(|at| at == At::Claim).filter(|(_, member)| !member.asked);
        let answers = all(asking.map(|(index, member)| async move {
            let claimed = member.machine.ask().await;
            member.asked = claimed.is_none();
            Some((index, member.machine.claimed(claimed?)?))
        }));
        let answers = answers.await;
        self.charge(sent);
        self.add(answers.into_iter().flatten());
    }

    /// Those whose wait is over are computed, beside whoever else computes them.
    fn stop_waiting(&mut self) {
        let (now, patient) = (Instant::now(), timers::available());
        let steps =
            self.at(|at| matches!(at, At::Wait | At::Claim)).filter_map(|(index, member)| {
                let over = |until: Instant| !patient || until <= now;
                if !member.machine.miss.as_ref().is_some_and(|miss| over(miss.wait_until)) {
                    return None;
                }
                let step = match member.machine.at {
                    At::Wait => member.machine.landed(Waited::TimedOut),
                    _ => member.machine.claimed(Err(Claimed::No(NoLease::Theirs))),
                };
                Some((index, step?))
            });
        let steps: Vec<_> = steps.collect();
        self.add(steps);
    }

    /// Waits until the flight of another call lands, or it is time to ask for the leases again.
    async fn wait(&mut self) {
        let open = || self.all.iter().enumerate().filter(|(_, member)| member.open);
        let ends = open().filter_map(|(_, member)| Some(member.machine.miss.as_ref()?.wait_until));
        let now = Instant::now();
        let end = ends.min().unwrap_or(now);
        let left = end.saturating_duration_since(now);
        let pause = if open().any(|(_, member)| member.machine.at == At::Claim) {
            self.backoff.pause(self.cache.clock().random())
        } else {
            left
        };
        let waiting = open().filter(|(_, member)| member.machine.at == At::Wait);
        let landings = waiting.filter_map(|(index, member)| {
            let waiter = member.machine.miss.as_ref()?.waiter.as_ref()?;
            Some(async move { (index, waiter.landing().await) })
        });
        let landed = tokio::time::timeout(pause.min(left), any(landings)).await;
        match landed {
            Ok(landed) => {
                for (index, waited) in landed {
                    self.landed(index, waited);
                }
            }
            Err(_) => {
                for member in &mut self.all {
                    member.asked = false;
                    // The timer has the last word, which the clock need not share.
                    if let Some(miss) = &mut member.machine.miss
                        && left <= pause
                        && miss.wait_until <= end
                    {
                        miss.wait_until = now;
                    }
                }
            }
        }
    }

    fn landed(&mut self, index: usize, waited: Waited) {
        let Some(member) = self.all.get_mut(index) else { return };
        let step = member.machine.landed(waited);
        if member.machine.at == At::Failed && step.is_none() {
            member.machine.at = At::Beside;
            self.ready.push_back(Step::CopyError(index));
        }
        self.add(step.map(|step| (index, step)));
    }

    /// What was decoded for a member is its result.
    pub(super) fn served(&mut self, index: usize, value: &Payload) {
        if let Some(member) = self.all.get_mut(index) {
            member.machine.served(value);
            (member.running, member.open) = (false, false);
        }
    }

    /// What was to be decoded for a member cannot be used.
    pub(super) fn refused(&mut self, index: usize, why: Option<Error>) {
        if let Some(member) = self.all.get_mut(index) {
            member.machine.refused(why);
            member.asked = false;
        }
    }

    /// Whether what is to be decoded was just computed by another call.
    pub(super) fn serves_computed(&self, index: usize) -> bool {
        self.all.get(index).is_some_and(|member| member.machine.serves_computed())
    }

    /// Copies the error that the store has of a member, or the one of the flight that it waited for:
    /// `copy` says whether it could be.
    pub(super) fn copy_error(&mut self, index: usize, copy: &mut dyn FnMut(&SharedError) -> bool) {
        if let Some(Member { machine, open, .. }) = self.all.get_mut(index) {
            machine.copy_error(&mut |error| {
                let copied = copy(error);
                *open &= !copied;
                copied
            });
        }
    }

    /// Takes off what commands took that went together.
    pub(super) fn charge(&mut self, sent: Instant) {
        self.budget.charge(Some(sent), true);
        for member in &mut self.all {
            member.machine.budget.is_part_of(&self.budget);
        }
    }

    /// What the machines of members are to be told next: without limits they have values or errors.
    fn add(&mut self, steps: impl IntoIterator<Item = (usize, machine::Step)>) {
        self.ready.extend(steps.into_iter().filter_map(|(index, step)| match step {
            machine::Step::Serve(value) => Some(Step::Serve(index, value)),
            machine::Step::CopyError => Some(Step::CopyError(index)),
            machine::Step::Limit | machine::Step::Lead | machine::Step::Compute => None,
        }));
    }
}

/// A call that ends early gives all its leases back by one task.
impl Drop for Members {
    fn drop(&mut self) {
        let machines = self.all.iter_mut().map(|member| &mut member.machine);
        give_back(machines.filter_map(Machine::take_lease).collect());
    }
}
