//! What a cached function adds to its program: a shell around the [`Machine`] that decodes, runs the
//! body and encodes. What can be done without the function's types is done there.
//!
//! Of this shell itself little is generic in the body: [`ReadThrough`], which lends it to what is
//! compiled once for each type that is returned.

use super::Call;
use super::machine::{Machine, Step};
use crate::boxed::Boxed;
use crate::codec::envelope::Payload;
use crate::plan::keeper::Keeping;
use crate::plan::shape::Shape;
use crate::plan::{Hooks, Plan};
use std::fmt;
use std::future::pending;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

/// A call that has begun: what asks its cache, if anything does, and how its values are stored.
pub struct Begun<S: Shape> {
    pub(super) machine: Option<Machine>,
    pub(super) hooks: Hooks<S>,
}

/// Begins a call.
#[inline]
pub fn begin<S: Shape>(call: Call, plan: Plan<S>) -> Begun<S> {
    Begun { machine: call.begin(&plan.rules, None), hooks: plan.hooks }
}

/// A call, and what was found for it.
type Looked<'c, S> = (&'c mut Begun<S>, Result<<S as Shape>::Output, Stop>);

/// Why nothing was found that could be returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The body is to run.
    Compute,
    /// As [`Step::Limit`].
    Limit,
    /// As [`Step::Lead`].
    Lead,
}

/// Looks for a result that the body need not compute.
// Not an `async fn`, whose future holds its arguments twice: as given, and as bound by its body.
#[allow(clippy::manual_async_fn)]
pub fn look<S: Shape>(call: &mut Begun<S>) -> impl Future<Output = Looked<'_, S>> {
    async move {
        loop {
            let step = match &mut call.machine {
                Some(machine) => {
                    let Stepper { make, poll } = stepper();
                    let future = pin!(make(machine));
                    Driven { future, poll }.await
                }
                None => Step::Compute,
            };
            if let Some(found) = call.take(step) {
                return (call, found);
            }
        }
    }
}

impl<S: Shape> Begun<S> {
    /// What a step comes to; `None`: look again.
    #[inline]
    fn take(&mut self, step: Step) -> Option<Result<S::Output, Stop>> {
        let Self { machine: Some(machine), hooks } = self else { return Some(Err(Stop::Compute)) };
        match step {
            Step::Serve(value) => serve(machine, hooks, value).map(Ok),
            Step::CopyError => copied(machine, hooks).map(Ok),
            Step::Compute => Some(Err(Stop::Compute)),
            Step::Limit => Some(Err(Stop::Limit)),
            Step::Lead => Some(Err(Stop::Lead)),
        }
    }
}

/// Returns what `looking` finds, or what `body` returns.
///
/// Whatever happens to the store, the result is one that `body` returned, now or earlier, and
/// `body` runs at most once. On a hit it is never polled.
#[inline]
pub fn read_through<'c, 'b, S, L, B>(
    looking: Pin<&'b mut L>,
    body: Pin<&'b mut B>,
) -> ReadThrough<'c, 'b, S, L, B>
where
    S: Shape,
    L: Future<Output = Looked<'c, S>>,
    B: Future<Output = S::Output>,
{
    ReadThrough { stage: Stage::Look, looking, body }
}

/// [`read_through`] where nothing was found.
pub(super) async fn compute<S: Shape>(
    call: &mut Begun<S>,
    body: Pin<&mut impl Future<Output = S::Output>>,
) -> S::Output {
    ReadThrough { stage: Stage::Run(call), looking: pin!(pending()), body }.await
}

/// A call from its look-up to its fill.
pub struct ReadThrough<'c, 'b, S: Shape, L, B> {
    stage: Stage<'c, S>,
    looking: Pin<&'b mut L>,
    body: Pin<&'b mut B>,
}

/// Where a call is.
enum Stage<'c, S: Shape> {
    Look,
    /// The body runs.
    Run(&'c mut Begun<S>),
    /// What it computed is being stored. In a box, or every call would have room for it.
    Fill(Boxed<'c, ()>, Box<S::Stored>),
}

// What is pinned is elsewhere.
impl<S: Shape, L, B> Unpin for ReadThrough<'_, '_, S, L, B> {}

impl<'c, S, L, B> Future for ReadThrough<'c, '_, S, L, B>
where
    S: Shape,
    L: Future<Output = Looked<'c, S>>,
    B: Future<Output = S::Output>,
{
    type Output = S::Output;

    // What is `dyn` is passed on and never held, so that a call is `Send` where its body is.
    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<S::Output> {
        let Self { stage, looking, body } = &mut *self;
        stage.go_on(looking.as_mut(), body.as_mut(), context)
    }
}

// Not inlined, so that it is compiled once for each type.
impl<'c, S: Shape> Stage<'c, S> {
    /// What it was, where nothing is to be done in it any more.
    #[inline]
    fn end(&mut self) -> Self {
        std::mem::replace(self, Self::Look)
    }

    /// Goes on until there is an output, or something is to be waited for.
    #[inline(never)]
    fn go_on<L: Future<Output = Looked<'c, S>>>(
        &mut self,
        looking: Pin<&mut L>,
        body: Pin<&mut dyn Future<Output = S::Output>>,
        context: &mut Context<'_>,
    ) -> Poll<S::Output> {
        if let Self::Look = self {
            match ready!(looking.poll(context)) {
                (_, Ok(output)) => return Poll::Ready(output),
                // A call without limits is stopped by nothing else.
                (call, Err(_)) => *self = Self::Run(call),
            }
        }
        self.compute(body, context)
    }

    /// The same once it is known that the body is to run: a hit has no part in it.
    #[inline(never)]
    fn compute(
        &mut self,
        mut body: Pin<&mut dyn Future<Output = S::Output>>,
        context: &mut Context<'_>,
    ) -> Poll<S::Output> {
        loop {
            match self {
                Self::Run(call) => {
                    let inside = Machine::enter(call.machine.as_mut());
                    let polled = body.as_mut().poll(context);
                    drop(inside);
                    let output = ready!(polled);
                    let Self::Run(call) = self.end() else { return Poll::Pending };
                    let Begun { machine: Some(machine), hooks } = call else {
                        return Poll::Ready(output);
                    };
                    match computed(machine, hooks, output) {
                        Ok(stored) => *self = Self::Fill(machine.finish(), stored),
                        Err(output) => return Poll::Ready(output),
                    }
                }
                Self::Fill(filling, _) => {
                    ready!(filling.as_mut().poll(context));
                    let Self::Fill(_, stored) = self.end() else { return Poll::Pending };
                    return Poll::Ready(S::join(*stored));
                }
                Self::Look => return Poll::Pending, // that is over
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
        Ok(stored) if machine.serves_computed() || Hooks::<S>::knows(&machine.rules, &stored) => {
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
) -> Result<Box<S::Stored>, S::Output> {
    if !machine.returned() {
        return Err(output);
    }
    match S::split(output) {
        Ok(stored) => {
            let stored = Box::new(stored);
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

impl<S: Shape> fmt::Debug for Begun<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Begun")
    }
}

impl<S: Shape, L, B> fmt::Debug for ReadThrough<'_, '_, S, L, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadThrough")
    }
}
