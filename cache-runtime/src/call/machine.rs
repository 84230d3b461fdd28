//! THE algorithm: one cached call, from the look-up to the fill, compiled once.
//!
//! It knows no type of the user's. `read_through`, which does, decodes, runs the body and encodes
//! when a [`Step`] says so. Nothing of the user's is held in here across an await, so that a
//! call's future is `Send` exactly when its body's is.
//!
//! What each step does is beside this file: [`lookup`](super::lookup), [`claim`](super::claim),
//! [`compute`](super::compute) and [`fill`](super::fill), in the order of a call.

use super::budget::Budget;
use super::deadlines::Deadlines;
use super::lease::{Lease, NoLease};
use super::{Active, Call, Counted};
use crate::backoff::Backoff;
use crate::boxed::boxed;
use crate::cache::context::{Held, Inside};
use crate::codec::envelope::Payload;
use crate::error::Error;
use crate::figures::counters::Outcome;
use crate::figures::measure::Load;
use crate::flight::landing::Waiter;
use crate::flight::single_flight::Leader;
use crate::key::tags::Tags;
use crate::l1::{Keeping, Room, Value};
use crate::plan::errors::StoredError;
use crate::plan::rules::{Rules, Storing};
use crate::store::{Ask, Token};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// What is to be done next.
pub(crate) enum Step {
    /// Decode this, and return it if it can be; then say [`Machine::served`], else
    /// [`Machine::refused`].
    Serve(Payload),
    /// Copy the error that the store has, or that the flight came to that was waited for, and return
    /// it if it can be.
    CopyError,
    /// A limit of the caller's wait is reached. Only for a call that has limits.
    Limit,
    /// The call leads its flight from here on, and can go on without its caller. Only for a call
    /// that has limits.
    Lead,
    /// Run the body.
    Compute,
}

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// About to look into the store.
    Look,
    /// About to join the flight of its key.
    Join,
    /// Waiting for the flight of another call.
    Wait,
    /// The flight it waited for came to an error.
    Failed,
    /// Leading, and asking for the lease.
    Claim,
    /// Leading, and about to run the body; with the lease or without.
    Begin,
    /// About to run the body beside another call's, which covers nobody else.
    Beside,
    /// Running the body.
    Running,
}

/// Where the bytes came from that are being decoded.
#[derive(Debug, Clone, Copy)]
pub(super) enum Serving {
    /// Looked up, by a command that was sent then.
    Hit { sent: Option<Instant> },
    /// Looked up earlier, and stale.
    Stale,
    /// The same, in the place of a failure.
    InsteadOfFailure,
    /// Found when asking for the lease; when it stops being fresh, by the cache's clock.
    Found { until: Duration },
    /// Computed by the flight that was waited for.
    Coalesced,
}

/// A value past its time to live, and when the store drops it, by the cache's clock. Encoded,
/// since it is rarely needed.
#[derive(Debug)]
pub(super) struct Stale {
    pub(super) value: Payload,
    pub(super) end: Duration,
    /// It is stale before its time: one of its tags has been invalidated softly.
    pub(super) made_stale: bool,
}

/// One call.
pub(crate) struct Machine {
    pub(super) call: Active,
    pub(super) rules: Rules,
    pub(super) at: At,
    pub(super) serving: Serving,
    pub(super) budget: Budget,
    /// What the caller gets where there is nothing better, and nobody else.
    pub(super) stale: Option<Arc<Stale>>,
    /// Whether the value that was served is to be refreshed, unless there is one by then with more
    /// than this of its life left.
    refresh: Option<Duration>,
    /// What is to be known of a value that may be kept in this process. Boxed, as the next two are:
    /// few calls have any.
    pub(super) keeping: Option<Box<Keeping>>,
    pub(super) deadlines: Option<Box<Deadlines>>,
    /// Boxed: a hit does not pay for the room that a miss needs.
    pub(super) miss: Option<Box<Miss>>,
}

/// What more there is of a call that found nothing.
pub(super) struct Miss {
    /// How long another's computation is waited for.
    pub(super) wait_until: Instant,
    pub(super) waiter: Option<Waiter>,
    pub(super) leader: Option<Leader>,
    pub(super) ask: Ask,
    pub(super) backoff: Backoff,
    /// What had ended without a value, lately, when another process' lease was met first.
    pub(super) ended: Option<Option<Token>>,
    pub(super) lease: Result<Lease, NoLease>,
    /// What tells those who joined before the body began from those after.
    pub(super) began: u64,
    /// When the body began, by the cache's clock, where that is to be known.
    pub(super) begun: Option<Duration>,
    /// What the body's own cached calls are to know.
    pub(super) held: Option<Arc<Held>>,
    /// While the body is polled.
    pub(super) inside: Option<Inside>,
    pub(super) load: Option<Load>,
    pub(super) storing: Option<Storing>,
    /// The tags of its own that what was computed has.
    pub(super) own_tags: Tags,
    /// An error that the store has.
    pub(super) error: Option<StoredError>,
}

impl Call {
    /// The machine of a call that asks its cache.
    // By reference, and not inlined: each copy would be code of every cached function.
    #[inline(never)]
    pub(super) fn begin(self, rules: &Rules, deadlines: Option<Deadlines>) -> Option<Machine> {
        self.0.map(|call| Machine::new(call, rules, deadlines))
    }
}

impl Machine {
    /// A call that is about to begin.
    pub(super) fn new(call: Active, rules: &Rules, deadlines: Option<Deadlines>) -> Self {
        if call.refresh {
            call.cache.flights().forget((&call.key).into());
        }
        Self {
            at: if call.refresh { At::Join } else { At::Look },
            serving: Serving::Stale,
            budget: Budget::new(call.cache.budget()),
            stale: None,
            refresh: None,
            keeping: None,
            deadlines: deadlines.map(Box::new),
            miss: None,
            call,
            rules: *rules,
        }
    }

    /// The same call, to compute its value again behind its caller's back.
    #[inline(never)]
    pub(super) fn behind(&self) -> Self {
        Self::new(self.call.for_behind(), &self.rules, None)
    }

    /// What stays with the caller of a call that leads and can go on without it: what the caller has
    /// read, and the right to say what the call came to until it sets the flag.
    #[inline(never)]
    pub(super) fn for_who_waits(&mut self) -> (Self, Arc<AtomicBool>) {
        self.deadlines = None;
        let left = Arc::new(AtomicBool::new(false));
        let call = Active { refresh: false, ..self.call.again() };
        self.call.counted = Counted::UnlessLeft(left.clone());
        let stale = self.stale.clone();
        (Self { stale, at: At::Running, ..Self::new(call, &self.rules, None) }, left)
    }

    /// Goes on until something of the user's is needed.
    // Not an `async fn`, whose future holds its arguments twice.
    #[allow(clippy::manual_async_fn)]
    pub(crate) fn next(&mut self) -> impl Future<Output = Step> + Send {
        async move {
            loop {
                if self.at == At::Look
                    && let Some(step) = self.look().await
                {
                    return step;
                }
                if let Some(step) = boxed(|| self.after_look()).await {
                    return step;
                }
            }
        }
    }

    /// What to do where the store had nothing; `None`: look again.
    async fn after_look(&mut self) -> Option<Step> {
        loop {
            let step = match self.at {
                At::Look => return None,
                At::Join => self.join(),
                At::Wait => self.wait().await,
                At::Failed => {
                    self.at = At::Beside;
                    Some(Step::CopyError)
                }
                At::Claim => self.claim().await,
                At::Begin => Some(self.begin()),
                At::Beside => Some(self.begin_beside()),
                At::Running => Some(Step::Compute),
            };
            if step.is_some() {
                return step;
            }
        }
    }

    /// Whether what is to be decoded was just computed by a call of the same function: then it may
    /// also be a `None` that the function does not store.
    pub(crate) fn serves_computed(&self) -> bool {
        matches!(self.serving, Serving::Coalesced)
    }

    /// Keeps what was looked up in this process, if it may be: a value that takes so much room.
    #[inline(never)]
    pub(crate) fn keep(&mut self, room: Room, keep: &dyn Fn() -> Value) {
        if let (Some(keeping), Serving::Hit { .. }) = (self.keeping.take(), self.serving)
            && let Some(l1) = self.call.cache.l1()
        {
            let call = &self.call;
            l1.keep(&call.key, *keeping, room, keep());
        }
    }

    /// What was to be decoded has been, and is returned.
    #[inline(never)]
    pub(crate) fn served(&mut self, value: &Payload) {
        match self.serving {
            Serving::Hit { .. } => self.call.record(Outcome::Hit),
            Serving::Stale => self.call.record(Outcome::Stale),
            Serving::InsteadOfFailure => {
                let cache = &self.call.cache;
                cache.slots().failed(&self.call.key, cache.clock().now());
                self.call.record(Outcome::Stale);
            }
            Serving::Found { until } => {
                self.land_found(value, until);
                self.call.record(Outcome::Hit);
            }
            Serving::Coalesced => self.call.record(Outcome::Coalesced),
        }
    }

    /// What was to be decoded cannot be used: `why`, or since the function does not store `None`.
    #[inline(never)]
    pub(crate) fn refused(&mut self, why: Option<Error>) {
        self.refresh = None;
        if let Serving::Hit { sent } = self.serving {
            self.budget.charge(sent, true);
        }
        match (self.serving, why) {
            // It is replaced, or another one's value is computed here.
            (Serving::Found { .. } | Serving::Coalesced, _) | (_, None) => {}
            (_, Some(error)) => self.call.codec_failed(&error),
        }
    }

    /// Whether what is served is to be refreshed behind the caller's back.
    pub(super) fn refresh_above(&mut self, above: Duration) {
        self.refresh = Some(above);
    }

    /// The refresh of what was served, if one is due.
    pub(crate) fn take_refresh(&mut self) -> Option<Duration> {
        self.refresh.take()
    }
}
