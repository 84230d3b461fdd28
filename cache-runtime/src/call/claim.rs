//! After a miss: joining the flight of the key, waiting for it, or leading it and asking for the
//! lease.

use super::Active;
use super::lease::{Lease, NoLease};
use super::machine::{At, Machine, Miss, Serving, Step};
use crate::backoff::Backoff;
use crate::codec::envelope::{self, Payload};
use crate::flight::landing::{Landing, Waited};
use crate::flight::single_flight::Role;
use crate::key::tags::Tags;
use crate::plan::rules::Rules;
use crate::plan::standing::Standing;
use crate::store::{Acquired, Ask, Bytes, Found};
use crate::timers;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// Between two requests for a lease that another process has: first, and at most.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(5);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_millis(100);

impl Machine {
    /// Joins the flight of the key, or begins it.
    pub(super) fn join(&mut self) -> Option<Step> {
        let flights = self.call.cache.flights();
        let role = if self.rules.shares_here() {
            flights.join(&self.call.key, &self.call.tags())
        } else {
            Role::Lead(flights.alone(&self.call.key, &self.call.tags()))
        };
        self.joined(role)
    }

    /// What the call is to do in the flight that it has joined.
    pub(super) fn joined(&mut self, role: Role) -> Option<Step> {
        let Self { call, rules, miss, .. } = self;
        let miss = Miss::of(miss, call, rules);
        match role {
            Role::Lead(leader) => {
                miss.leader = Some(leader);
                self.at = At::Claim;
                self.deadlines.as_ref().map(|_| Step::Lead)
            }
            Role::Wait(waiter) => {
                miss.waiter = Some(waiter);
                self.at = At::Wait;
                self.deadlines.as_ref().filter(|at| at.is_reached()).map(|_| Step::Limit)
            }
        }
    }

    /// Waits for what another call of this process computes.
    pub(super) async fn wait(&mut self) -> Option<Step> {
        let Some(miss) = &mut self.miss else { return None };
        let Some(waiter) = &miss.waiter else { return None };
        let left = miss.wait_until.saturating_duration_since(Instant::now());
        let limit =
            self.deadlines.as_ref().and_then(|deadlines| deadlines.left()).filter(|at| *at < left);
        match waiter.wait(limit.unwrap_or(left)).await {
            Waited::TimedOut if limit.is_some() => Some(Step::Limit),
            waited => self.landed(waited),
        }
    }

    /// The flight that was waited for has come to this.
    pub(super) fn landed(&mut self, waited: Waited) -> Option<Step> {
        let now = self.call.cache.clock().now();
        self.at = match waited {
            Waited::Again => At::Look,
            Waited::Value(_, until) if until <= now => At::Look,
            Waited::Value(bytes, _) => {
                self.at = At::Beside;
                self.serving = Serving::Coalesced;
                return Some(Step::Serve(Payload::bare(Bytes::Shared(bytes))));
            }
            // The leader's own stale value is none of ours: it may be older than an invalidation
            // that was over before this call began.
            Waited::Error => {
                self.at = At::Failed;
                return self.instead(Serving::Stale);
            }
            Waited::Unshared | Waited::TimedOut => {
                self.at = At::Beside;
                return self.instead(Serving::Stale);
            }
        };
        None
    }

    /// Asks for the lease until it is given, a value is there, or the wait ends.
    ///
    /// The processes that do not hold it ask again and again, ever more slowly: each time they may
    /// find the value, or take over from a holder that was killed. With `single_flight` other than
    /// `cluster` they ask once.
    pub(super) async fn claim(&mut self) -> Option<Step> {
        let claimed = self.acquire().await;
        self.claimed(claimed)
    }

    /// What to do with what asking for the lease came to.
    pub(super) fn claimed(&mut self, claimed: Result<Lease, Claimed>) -> Option<Step> {
        let miss = self.miss.as_mut()?;
        self.at = At::Begin;
        match claimed {
            Ok(lease) => {
                miss.lease = Ok(lease);
                None
            }
            Err(Claimed::No(why)) => {
                miss.lease = Err(why);
                let waited = why == NoLease::Theirs && self.rules.waits_for_others();
                if waited { self.instead(Serving::Stale) } else { None }
            }
            Err(Claimed::Found(found, until)) => {
                // Unless it can be served it is of no use to this function: there to be replaced.
                miss.ask = Ask::Force;
                self.at = At::Claim;
                self.serving = Serving::Found { until };
                let opened = envelope::open(&self.call.key, found.bytes).ok()?;
                let good = self.call.standing(&opened, &found.tokens) == Standing::Good;
                if good && until > self.call.cache.clock().now() {
                    if opened.envelope.is_error {
                        return self.serve_error(&opened.value);
                    }
                    return Some(Step::Serve(opened.value));
                }
                if self.call.seen().is_some() {
                    // It can be named, so whoever is replacing it need not lose the lease.
                    miss.ask = Ask::IfAbsent;
                }
                None
            }
        }
    }

    async fn acquire(&mut self) -> Result<Lease, Claimed> {
        loop {
            if let Some(claimed) = self.ask().await {
                return claimed;
            }
            let Some(miss) = &mut self.miss else { return Err(Claimed::No(NoLease::Theirs)) };
            let left = miss.wait_until.saturating_duration_since(Instant::now());
            let pause = miss.backoff.pause(self.call.cache.clock().random());
            tokio::time::sleep(pause.min(left)).await;
        }
    }

    /// Asks for the lease once. `None`: another process has it, and is to be waited for.
    pub(super) async fn ask(&mut self) -> Option<Result<Lease, Claimed>> {
        let answer = self.ask_once().await;
        if let Some(Err(Claimed::No(NoLease::StoreInTrouble | NoLease::Distrusted))) = answer
            && !self.call.is_cut_off()
        {
            // That was known at once, perhaps. Who looks again with this call is to come before its body.
            tokio::task::yield_now().await;
        }
        answer
    }

    async fn ask_once(&mut self) -> Option<Result<Lease, Claimed>> {
        let no = |why| Some(Err(Claimed::No(why)));
        let Self { call, rules, budget, miss: Some(miss), .. } = self else {
            return no(NoLease::Theirs);
        };
        let Some(leader) = &miss.leader else { return no(NoLease::Theirs) };
        if !leader.is_trusted() {
            return no(NoLease::Distrusted);
        }
        let clock = call.cache.clock();
        loop {
            let mut lease = Lease::request(call.cache.again(), call.key.clone());
            if let Some(tagged) = &call.tagged {
                let fill = rules.likely_life(call.cache.settings());
                let fill = fill.max(call.function.longest_life());
                lease = lease.of(tagged.tags.clone(), fill, tagged.seen);
            }
            let (ask, asked) = (miss.ask, clock.now());
            leader.asks();
            let acquired = budget.spend(|within| lease.acquire(ask, within)).await;
            match acquired {
                Some(Ok(Acquired::Ours { .. })) => return Some(Ok(lease)),
                Some(Ok(Acquired::Found(mut found))) => {
                    call.add_own_tokens(&mut found, budget).await;
                    let until = fresh_until(asked, &found, rules);
                    // With tags it is found however little it has left, and named from then on.
                    if until > clock.now() || call.tagged.is_some() {
                        return Some(Err(Claimed::Found(found, until)));
                    }
                }
                Some(Ok(Acquired::Theirs(ended))) => {
                    // What it waits for has ended without a value, and it is to wait for nothing else.
                    let first = *miss.ended.get_or_insert(ended);
                    if ended.is_some() && ended != first {
                        return no(NoLease::Theirs);
                    }
                    let left = miss.wait_until.saturating_duration_since(Instant::now());
                    let waits = rules.waits_for_others() && !left.is_zero() && timers::available();
                    return if waits { None } else { no(NoLease::Theirs) };
                }
                Some(Err(error)) => {
                    call.store_failed(&error);
                    return no(NoLease::StoreInTrouble);
                }
                None => return no(NoLease::StoreInTrouble),
            }
        }
    }

    /// Leads, with the lease, where nobody does and there is no value with more than `above` of
    /// its life left. For a refresh, which waits for nobody.
    #[inline(never)]
    pub(super) fn leads_at_once(
        &mut self,
        above: Duration,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(self.lead_at_once(above))
    }

    async fn lead_at_once(&mut self, above: Duration) -> bool {
        let role = self.call.cache.flights().join(&self.call.key, &self.call.tags());
        let Role::Lead(leader) = role else { return false };
        let ask = if self.rules.needs_life() { Ask::Above(above) } else { Ask::IfAbsent };
        let miss = Miss { leader: Some(leader), ..Miss::new(Duration::ZERO, ask) };
        self.miss = Some(Box::new(miss));
        let Ok(lease) = self.acquire().await else { return false };
        if let Some(miss) = &mut self.miss {
            miss.lease = Ok(lease);
        }
        self.at = At::Begin;
        true
    }

    /// The value that was found when asking for the lease is one: it is for who waits, too.
    pub(super) fn land_found(&mut self, value: &Payload, until: Duration) {
        if let Some(leader) = self.miss.as_mut().and_then(|miss| miss.leader.take()) {
            let landing = if leader.has_waiters() {
                Landing::Value((**value).into(), until)
            } else {
                Landing::Again
            };
            leader.land(landing);
        }
    }
}

/// What asking for the lease came to, where it was not given.
pub(super) enum Claimed {
    /// Somebody stored the value meanwhile; when it stops being fresh, by the cache's clock.
    Found(Found, Duration),
    No(NoLease),
}

/// When a value stops being fresh that was found by who asked for the lease then.
fn fresh_until(asked: Duration, found: &Found, rules: &Rules) -> Duration {
    match found.left {
        Some(left) => asked.saturating_add(left.saturating_sub(rules.windows.longest())),
        // Nobody knows how old it is.
        None if rules.needs_life() => Duration::ZERO,
        None => Duration::MAX,
    }
}

impl Miss {
    /// That of a call, begun if there is none.
    pub(super) fn of<'m>(
        miss: &'m mut Option<Box<Self>>,
        call: &Active,
        rules: &Rules,
    ) -> &'m mut Self {
        let ask = match rules.needs_life() {
            _ if call.refresh => Ask::Force,
            true => Ask::Above(rules.windows.longest()),
            false => Ask::IfAbsent,
        };
        miss.get_or_insert_with(|| Box::new(Self::new(call.wait(), ask)))
    }

    fn new(wait: Duration, ask: Ask) -> Self {
        Self {
            wait_until: Instant::now() + wait,
            waiter: None,
            leader: None,
            ask,
            backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE),
            ended: None,
            lease: Err(NoLease::Theirs),
            began: 0,
            begun: None,
            held: None,
            inside: None,
            load: None,
            storing: None,
            own_tags: Tags::default(),
            error: None,
        }
    }
}
