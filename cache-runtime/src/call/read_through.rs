//! What a cached function adds to its program: a shell around the [`Machine`] that decodes, runs the
//! body and encodes. What can be done without the function's types is done there.

use super::Call;
use super::machine::{Machine, Step};
use super::work::{Body, InPlace};
use crate::codec::envelope::Payload;
use crate::plan::keeper::Keeping;
use crate::plan::shape::Shape;
use crate::plan::{Hooks, Plan};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// Returns the cached value, or what `body` returns.
///
/// Whatever happens to the store, the result is one that `body` returned, now or earlier, and
/// `body` runs at most once. On a hit it is never polled.
#[inline]
pub fn read_through<S, B>(
    call: Call,
    plan: Plan<S>,
    body: Pin<&mut B>,
) -> impl Future<Output = S::Output>
where
    S: Shape,
    B: Future<Output = S::Output>,
{
    drive(call.begin(&plan.rules, None), plan.hooks, InPlace(body))
}

/// One call, from its look-up to its fill.
// Not an `async fn`, whose future holds its arguments twice: as given, and as bound by its body.
#[allow(clippy::manual_async_fn)]
pub(super) fn drive<S, W>(
    mut machine: Option<Machine>,
    hooks: Hooks<S>,
    mut body: W,
) -> impl Future<Output = S::Output>
where
    S: Shape,
    W: Body<S>,
{
    async move {
        if let Some(machine) = &mut machine
            && let Ok(output) = seek(machine, &hooks).await
        {
            if let Some(above) = machine.take_refresh() {
                body.refresh(machine, &hooks, above);
            }
            return output;
        }
        let output = Inside { machine: machine.as_mut(), body: &mut body }.await;
        let Some(machine) = &mut machine else { return output };
        // The failure is taken out first, so that it need not live across an await of ours.
        let stored = match computed(machine, &hooks, output) {
            Ok(stored) => stored,
            Err(output) => return output,
        };
        machine.finish().await;
        S::join(stored)
    }
}

/// A body that runs inside its call.
// Not a `poll_fn`, for the same reason as with `InPlace`.
struct Inside<'c, W> {
    machine: Option<&'c mut Machine>,
    body: &'c mut W,
}

impl<W: Future + Unpin> Future for Inside<'_, W> {
    type Output = W::Output;

    // Always: else the compiler improves the body's code once here, and again where it is put.
    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<W::Output> {
        let Self { machine, body } = &mut *self;
        let _inside = Machine::enter(machine.as_deref_mut());
        Pin::new(&mut **body).poll(context)
    }
}

/// Why nothing was found that could be returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The body is to run.
    Compute,
    /// As [`Step::Limit`].
    Limit,
    /// As [`Step::Lead`].
    Lead,
}

/// Looks for a result that the body need not compute.
// Not an `async fn`, as above.
#[allow(clippy::manual_async_fn)]
pub(super) fn seek<S: Shape>(
    machine: &mut Machine,
    hooks: &Hooks<S>,
) -> impl Future<Output = Result<S::Output, Stop>> {
    async move {
        loop {
            let step = {
                let Stepper { make, poll } = stepper();
                let future = pin!(make(machine));
                Driven { future, poll }.await
            };
            let output = match step {
                Step::Serve(value) => serve(machine, hooks, value),
                Step::CopyError => copied(machine, hooks),
                Step::Compute => return Err(Stop::Compute),
                Step::Limit => return Err(Stop::Limit),
                Step::Lead => return Err(Stop::Lead),
            };
            if let Some(output) = output {
                return Ok(output);
            }
        }
    }
}

/// Decodes what the store or another call has.
#[inline(never)]
pub(super) fn serve<S: Shape>(
    machine: &mut Machine,
    hooks: &Hooks<S>,
    value: Payload,
) -> Option<S::Output> {
    match (hooks.decode)(&value) {
        Ok(stored) if machine.serves_computed() || hooks.knows(&stored) => {
            if let Some(keeper) = hooks.keeping.keeper() {
                machine.keep(hooks.room(&stored), &|| (keeper.keep)(&stored));
            }
            machine.served(&value);
            Some(S::join(stored))
        }
        Ok(_) => {
            machine.refused(None);
            None
        }
        Err(error) => {
            machine.refused(Some(error));
            None
        }
    }
}

/// A copy of the error of the flight that was waited for.
#[inline(never)]
fn copied<S: Shape>(machine: &mut Machine, hooks: &Hooks<S>) -> Option<S::Output> {
    let mut output = None;
    machine.copy_error(&mut |error| {
        output = (hooks.errors.unpack)(error);
        output.is_some()
    });
    output
}

/// Encodes what the body returned. The error is what the caller gets at once, since there is
/// nothing to be stored.
#[inline(never)]
fn computed<S: Shape>(
    machine: &mut Machine,
    hooks: &Hooks<S>,
    output: S::Output,
) -> Result<S::Stored, S::Output> {
    if !machine.returned() {
        return Err(output);
    }
    match S::split(output) {
        Ok(stored) => {
            encode(machine, hooks, &stored);
            Ok(stored)
        }
        Err(failed) => {
            let error = (hooks.errors.pack)(&failed);
            if let Some(value) = machine.failed(error)
                && let Some(instead) = serve(machine, hooks, value)
            {
                return Err(instead);
            }
            machine.missed();
            Err(failed)
        }
    }
}

/// Encodes a value, and notes the tags that it says.
#[inline]
pub(super) fn encode<S: Shape>(machine: &mut Machine, hooks: &Hooks<S>, stored: &S::Stored) {
    machine.encode(hooks.said(stored), &hooks.storable(stored));
    if hooks.have_own_tags() {
        machine.tag(&|tags| hooks.write_own_tags(stored, tags));
    }
}

/// How a future is polled: taken where the future is made, so that who awaits it by this compiles
/// none of it.
type PollOf<F> = fn(Pin<&mut F>, &mut Context<'_>) -> Poll<<F as Future>::Output>;

/// A future that is polled by the code of the crate that made it.
struct Driven<'f, F: Future> {
    future: Pin<&'f mut F>,
    poll: PollOf<F>,
}

impl<F: Future> Future for Driven<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        (self.poll)(self.future.as_mut(), context)
    }
}

/// How a machine's next step is made, and how that is polled.
struct Stepper<'m, F: Future> {
    make: fn(&'m mut Machine) -> F,
    poll: PollOf<F>,
}

fn stepper_of<'m, F: Future>(make: fn(&'m mut Machine) -> F) -> Stepper<'m, F> {
    Stepper { make, poll: F::poll }
}

#[inline(never)] // so that both are compiled here
fn stepper<'m>() -> Stepper<'m, impl Future<Output = Step> + Send + use<'m>> {
    stepper_of(Machine::next)
}
