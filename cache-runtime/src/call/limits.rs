//! `soft_timeout` and `hard_timeout`: a caller that stops waiting for a body that goes on.
//!
//! Until then the body runs in its caller's own task, as any other. What is left of it, and of the
//! wait for the lease, is then moved into a task of its own.

use crate::call::Active;
use crate::call::background::{Owning, Slot};
use crate::call::lookup::{Stale, instead};
use crate::call::read_through::{Leading, lead};
use crate::call::work::{Lead, Work};
use crate::figures::counters::{Counters, Outcome};
use crate::plan::Plan;
use crate::plan::shape::Shape;
use crate::timers;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// No value was there when a function's `hard_timeout` had passed.
///
/// The function's error type says what becomes of it. The body goes on in the background, and what
/// it returns is stored: a later call finds it.
///
/// ```
/// use cache_runtime::{Cache, TimedOut, redis_cache};
/// use std::time::Duration;
///
/// #[derive(Debug, PartialEq)]
/// enum ReportError {
///     TooSlow,
/// }
///
/// impl From<TimedOut> for ReportError {
///     fn from(_: TimedOut) -> Self {
///         Self::TooSlow
///     }
/// }
///
/// #[redis_cache(ttl = 60, key = "report:{day}", hard_timeout = "20ms")]
/// async fn report(day: u32) -> Result<u32, ReportError> {
///     tokio::time::sleep(Duration::from_secs(if day == 0 { 3600 } else { 0 })).await;
///     Ok(day)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
/// let cache = Cache::builder().url("memory://").prefix("doc").build()?;
/// assert_eq!(cache.scope(report(1)).await, Ok(1));
/// assert_eq!(cache.scope(report(0)).await, Err(ReportError::TooSlow));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there was no value in time; it is still being computed")
    }
}

impl std::error::Error for TimedOut {}

/// A return type that can say that there was no value in time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no place for the `TimedOut` that `hard_timeout` returns",
    label = "after this time the function returns `TimedOut` as its error",
    note = "return a `Result<T, E>`, and write `impl From<cache_runtime::TimedOut> for E`; or \
            remove `hard_timeout`"
)]
pub trait TimesOut {
    fn timed_out() -> Self;
}

#[diagnostic::do_not_recommend] // it is the function's return type that is of interest
impl<T, E: From<TimedOut>> TimesOut for Result<T, E> {
    fn timed_out() -> Self {
        Err(TimedOut.into())
    }
}

/// How long a call waits, counted from its start.
pub struct Limits<R> {
    start: Instant,
    soft: Option<Duration>,
    hard: Option<(Duration, fn() -> R)>,
}

/// The limits of a call that starts now.
#[must_use]
pub fn limits<R>() -> Limits<R> {
    Limits { start: Instant::now(), soft: None, hard: None }
}

impl<R> Limits<R> {
    #[must_use]
    pub fn soft_timeout(mut self, after: Duration) -> Self {
        self.soft = Some(after);
        self
    }

    #[must_use]
    pub fn hard_timeout(mut self, after: Duration) -> Self
    where
        R: TimesOut,
    {
        self.hard = Some((after, R::timed_out));
        self
    }

    /// How long until the next limit is reached; `None` when none is to come, or cannot be.
    pub(crate) fn left(&self) -> Option<Duration> {
        let passed = self.start.elapsed();
        let soft = self.soft.filter(|soft| *soft > passed);
        let hard = self.hard.map(|(hard, _)| hard.saturating_sub(passed));
        let next = match (soft, hard) {
            (Some(soft), Some(hard)) => Some(hard.min(soft - passed)),
            (Some(soft), None) => Some(soft - passed),
            (None, hard) => hard,
        };
        next.filter(|_| timers::available())
    }

    /// What the caller gets by now instead of waiting any longer.
    pub(crate) fn reached<S: Shape<Output = R>>(
        &self,
        call: &Active,
        plan: &Plan<S>,
        stale: Option<&Stale>,
    ) -> Option<(R, Outcome)> {
        let passed = self.start.elapsed();
        let hard = self.hard.filter(|(hard, _)| *hard <= passed);
        if hard.is_none() && self.soft.is_none_or(|soft| soft > passed) {
            return None;
        }
        match (instead(call, plan, stale), hard) {
            (Some(stored), _) => Some((S::join(stored), Outcome::Stale)),
            (None, Some((_, timed_out))) => Some((timed_out(), Outcome::Miss)),
            (None, None) => None,
        }
    }
}

impl<R> fmt::Debug for Limits<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hard = self.hard.map(|(hard, _)| hard);
        f.debug_struct("Limits").field("soft", &self.soft).field("hard", &hard).finish()
    }
}

/// Makes a body that owns all it uses, for a caller that waits for a limited time.
pub(crate) struct Timed<F, R> {
    pub(crate) make: F,
    pub(crate) limits: Limits<R>,
}

impl<S, F, B> Work<S, Limited<B, S::Output>> for Timed<F, S::Output>
where
    S: Shape<Output: 'static, Stored: Send> + 'static,
    F: FnOnce() -> B,
    B: Future<Output = S::Output> + Send + 'static,
{
    fn here(self) -> Limited<B, S::Output> {
        let left = self.limits.hard.filter(|_| timers::available()).map(|(hard, timed_out)| {
            let left = hard.saturating_sub(self.limits.start.elapsed());
            (Box::pin(sleep(left)), timed_out)
        });
        Limited { body: Box::pin((self.make)()), left }
    }

    fn behind(self, call: &Active, plan: &Plan<S>, above: Duration) {
        Owning(self.make).behind(call, plan, above);
    }

    fn limits(&self) -> Option<&Limits<S::Output>> {
        Some(&self.limits)
    }

    fn lead(self, call: &Active, plan: &Plan<S>, leading: Leading) -> Lead<S, Self> {
        if !timers::available() {
            return Lead::Here(self, leading);
        }
        let stale = leading.stale.clone();
        let (call, plan, body) = (call.again(), plan.clone(), Box::pin((self.make)()));
        let rest = Box::pin(async move { lead(&call, &plan, leading, body).await });
        Lead::Going(Going { rest, stale, limits: self.limits, leave: leave::<S> })
    }
}

type Timer = Pin<Box<Sleep>>;

/// A body whose result nobody could store, since no cache knows of it or another one has the flight:
/// it ends with its caller.
pub(crate) struct Limited<B, R> {
    body: Pin<Box<B>>,
    left: Option<(Timer, fn() -> R)>,
}

impl<R, B: Future<Output = R>> Future for Limited<B, R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        if let Poll::Ready(output) = self.body.as_mut().poll(context) {
            return Poll::Ready(output);
        }
        match &mut self.left {
            Some((left, timed_out)) => left.as_mut().poll(context).map(|()| timed_out()),
            None => Poll::Pending,
        }
    }
}

/// What is left of leading a flight, with all that it needs.
type Rest<S> = Pin<Box<dyn Future<Output = (<S as Shape>::Output, Outcome)> + Send>>;

/// A computation that can go on without its caller.
pub(crate) struct Going<S: Shape> {
    rest: Rest<S>,
    /// What the caller read itself.
    stale: Option<Arc<Stale>>,
    limits: Limits<S::Output>,
    leave: fn(Rest<S>, &Active),
}

impl<S: Shape> Going<S> {
    /// Waits for the result, or until a limit says what the caller gets instead.
    pub(crate) async fn wait(mut self, call: &Active, plan: &Plan<S>) -> (S::Output, Outcome) {
        while let Some(left) = self.limits.left() {
            if let Ok(led) = timeout(left, &mut self.rest).await {
                return led;
            }
            if let Some(instead) = self.limits.reached(call, plan, self.stale.as_deref()) {
                (self.leave)(self.rest, call);
                return instead;
            }
        }
        self.rest.await
    }
}

/// Lets `rest` go on in a task of its own; unless there are enough of them, when whoever waits for
/// it takes over.
fn leave<S: Shape<Output: 'static> + 'static>(rest: Rest<S>, call: &Active) {
    let slot = timers::available().then(|| Slot::to_go_on(&call.cache, &call.key));
    let Some(Ok(slot)) = slot else { return call.count(Counters::count_skipped) };
    call.count(Counters::count_refresh);
    slot.run(async move {
        let (output, outcome) = rest.await;
        outcome == Outcome::Miss && S::stored(&output).is_none()
    });
}
