//! `soft_timeout` and `hard_timeout`: a caller that stops waiting for a body that goes on.
//!
//! Until then the body runs in its caller's own task, as any other. What is left of it, and of the
//! wait for the lease, is then moved into a task of its own.

use super::Call;
use super::background::owned::Made;
use super::background::slot::Slot;
use super::deadlines::Deadlines;
use super::machine::Step;
use super::read_through::{Begun, Stop, look, read_through, serve};
use crate::plan::Plan;
use crate::plan::shape::Shape;
use crate::timers;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep, timeout};

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
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), cache_runtime::Error> {
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

/// How long a call waits, counted from its start, and what it returns then.
pub struct Limits<R> {
    deadlines: Deadlines,
    timed_out: Option<fn() -> R>,
}

/// The limits of a call that starts now.
#[must_use]
pub fn limits<R>() -> Limits<R> {
    Limits { deadlines: Deadlines::starting_now(), timed_out: None }
}

impl<R> Limits<R> {
    #[must_use]
    pub fn soft_timeout(mut self, after: Duration) -> Self {
        self.deadlines.soft = Some(after);
        self
    }

    #[must_use]
    pub fn hard_timeout(mut self, after: Duration) -> Self
    where
        R: TimesOut,
    {
        self.deadlines.hard = Some(after);
        self.timed_out = Some(R::timed_out);
        self
    }
}

impl<R> fmt::Debug for Limits<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Limits").field(&self.deadlines).finish()
    }
}

/// [`read_through`](super::read_through::read_through) for a caller that waits for a limited time.
// Not an `async fn`, whose future holds its arguments twice: as given, and as bound by its body.
#[allow(clippy::manual_async_fn)]
pub fn read_through_timed<S, F, B>(
    call: Call,
    plan: Plan<S>,
    limits: Limits<S::Output>,
    make: F,
) -> impl Future<Output = S::Output>
where
    S: Shape<Output: 'static, Stored: Send> + 'static,
    F: FnOnce() -> B,
    B: Future<Output = S::Output> + Send + 'static,
{
    let machine = call.begin(&plan.rules, Some(limits.deadlines));
    let mut call = Begun { machine, hooks: plan.hooks };
    async move {
        loop {
            match look(&mut call).await {
                (call, Ok(output)) => {
                    call.refresh(|| Box::pin(make()));
                    return output;
                }
                (_, Err(Stop::Lead)) => break,
                (call, Err(Stop::Limit)) => {
                    if let Some(output) = limits.reached(call) {
                        return output;
                    }
                }
                (call, Err(Stop::Compute)) => {
                    let output = Limited::new(make(), &limits).await;
                    if let Some(machine) = &mut call.machine {
                        machine.returned();
                    }
                    return output;
                }
            }
        }
        let (waiting, left) = call.for_who_waits();
        let mut body = Box::pin(make());
        let rest =
            Box::pin(async move { read_through(pin!(look(&mut call)), body.as_mut()).await });
        limits.wait(rest, waiting, left).await
    }
}

impl<R: 'static> Limits<R> {
    /// Waits for the rest of a call that leads its flight, or until a limit says what the caller
    /// gets instead.
    async fn wait<S: Shape<Output = R> + 'static>(
        self,
        mut rest: Made<R>,
        mut waiting: Begun<S>,
        left: Arc<AtomicBool>,
    ) -> R {
        while let Some(limit) = self.deadlines.left() {
            if let Ok(output) = timeout(limit, &mut rest).await {
                return output;
            }
            if let Some(instead) = self.reached(&mut waiting) {
                left.store(true, Ordering::Relaxed);
                if let Some(slot) =
                    waiting.machine.as_ref().and_then(|machine| Slot::to_go_on(&machine.call))
                {
                    slot.run(Box::pin(async move { S::stored(&rest.await).is_none() }));
                }
                return instead;
            }
        }
        rest.await
    }

    /// What the caller gets by now instead of waiting any longer.
    fn reached<S: Shape<Output = R>>(&self, call: &mut Begun<S>) -> Option<R> {
        if !self.deadlines.is_reached() {
            return None;
        }
        let Begun { machine: Some(machine), hooks } = call else { return None };
        if let Some(Step::Serve(value)) = machine.instead_of_waiting()
            && let Some(output) = serve(machine, hooks, value)
        {
            return Some(output);
        }
        let timed_out = self.timed_out.filter(|_| self.deadlines.hard_is_reached())?;
        machine.missed();
        Some(timed_out())
    }
}

type Timer = Pin<Box<Sleep>>;

/// A body whose result nobody could store, since no cache knows of it or another one has the flight:
/// it ends with its caller.
struct Limited<B, R> {
    body: Pin<Box<B>>,
    left: Option<(Timer, fn() -> R)>,
}

impl<B, R> Limited<B, R> {
    fn new(body: B, limits: &Limits<R>) -> Self {
        let left = limits.deadlines.hard_left().filter(|_| timers::available());
        let left = left.zip(limits.timed_out);
        Self {
            body: Box::pin(body),
            left: left.map(|(left, timed_out)| (Box::pin(sleep(left)), timed_out)),
        }
    }
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
