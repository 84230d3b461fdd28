//! What a cached function adds to its program: a shell around the [`Machine`] that decodes, runs the
//! body and encodes. What can be done without the function's types is done there.

use super::Call;
use super::machine::{Machine, Step, Stepped};
use super::work::Body;
use crate::boxed::Boxed;
use crate::codec::envelope::Payload;
use crate::error::Error;
use crate::plan::keeper::Keeping;
use crate::plan::shape::{Shape, SharedError};
use crate::plan::{Hooks, Plan};
use pin_project_lite::pin_project;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

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
    drive(call.begin(&plan.rules, None), plan.hooks, body)
}

/// One call, from its look-up to its fill.
#[inline]
pub(super) fn drive<S, W>(
    machine: Option<Machine>,
    hooks: Hooks<S>,
    body: W,
) -> impl Future<Output = S::Output>
where
    S: Shape,
    W: Body<S>,
{
    let steps = stepper();
    let stage = match machine {
        Some(machine) => Stage::Seek { next: (steps.make)(machine) },
        None => Stage::Run { machine: None },
    };
    Shell { stage, steps, hooks, body, stored: None }
}

pin_project! {
    /// A call as a future. All that is generic in its body is in here, and little: it is code of every
    /// cached function.
    #[project = Projected]
    struct Shell<S, F, W>
    where
        S: Shape,
    {
        #[pin]
        stage: Stage<F>,
        steps: Stepper<F>,
        hooks: Hooks<S>,
        body: W,
        stored: Option<S::Stored>,
    }
}

impl<S: Shape, F, W: Body<S>> Future for Shell<S, F, W> {
    type Output = S::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<S::Output> {
        let Projected { stage, steps, hooks, body, stored } = self.project();
        Typed { hooks, body, stored, output: None }.poll(stage, *steps, context)
    }
}

pin_project! {
    /// Where a call is.
    #[project = At]
    enum Stage<F> {
        /// The machine looks for a result that the body need not compute.
        Seek {
            #[pin]
            next: F,
        },
        /// The body runs.
        Run { machine: Option<Machine> },
        /// What it computed is being stored.
        Finish { filled: Boxed<'static, ()> },
    }
}

impl<F: Future<Output = Stepped>> Stage<F> {
    /// Goes on until there is an output, or something has to be waited for.
    fn advance(
        mut self: Pin<&mut Self>,
        make: fn(Machine) -> F,
        call: &mut dyn Values,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            if let At::Run { machine } = self.as_mut().project() {
                let _inside = machine.as_ref().map(Machine::enter);
                ready!(call.poll_body(context));
            }
            if ready!(self.as_mut().go_on(make, call, context)) {
                return Poll::Ready(());
            }
        }
    }

    /// Goes on where the body need not be polled, and says whether there is an output.
    #[inline(never)] // apart, since the body is polled on the stack of what polls it
    fn go_on(
        mut self: Pin<&mut Self>,
        make: fn(Machine) -> F,
        call: &mut dyn Values,
        context: &mut Context<'_>,
    ) -> Poll<bool> {
        match self.as_mut().project() {
            At::Seek { next } => {
                let Stepped { mut machine, step } = ready!(next.poll(context));
                match taken(step, &mut machine, call) {
                    Taken::Output => {
                        if let Some(above) = machine.take_refresh() {
                            call.refresh(&machine, above);
                        }
                        return Poll::Ready(true);
                    }
                    Taken::Nothing => self.set(Self::Seek { next: make(machine) }),
                    // A call without limits is stopped by nothing else.
                    Taken::Stop(_) => self.set(Self::Run { machine: Some(machine) }),
                }
            }
            At::Run { machine } => {
                let Some(mut machine) = machine.take() else { return Poll::Ready(true) };
                if !computed(&mut machine, call) {
                    return Poll::Ready(true);
                }
                self.set(Self::Finish { filled: machine.finish() });
            }
            At::Finish { filled } => {
                ready!(filled.as_mut().poll(context));
                call.join();
                return Poll::Ready(true);
            }
        }
        Poll::Ready(false)
    }
}

/// What is done for a call by who knows its types. What is `dyn` is passed into synchronous calls and
/// never held, so that a call is `Send` where its body is.
trait Values {
    /// Polls the body, for the output.
    fn poll_body(&mut self, context: &mut Context<'_>) -> Poll<()>;
    /// As [`Body::refresh`].
    fn refresh(&mut self, machine: &Machine, above: Duration);
    /// Decodes the output, and says whether the function knows such a value; one that was just
    /// `computed` by another call it does.
    fn decode(
        &mut self,
        machine: &mut Machine,
        value: &Payload,
        computed: bool,
    ) -> Result<bool, Error>;
    /// Makes the output of an error that can be copied.
    fn copy(&mut self, error: &SharedError) -> bool;
    /// Takes what is stored out of the output, unless that is a failure. So it need not live across
    /// an await of ours.
    fn split(&mut self) -> bool;
    /// Encodes what is stored.
    fn encode(&self, machine: &mut Machine);
    /// A copy of the failure.
    fn error(&self) -> Option<SharedError>;
    /// Makes the output of what is stored.
    fn join(&mut self);
}

/// The values of a call, by their types.
struct Typed<'c, S: Shape> {
    hooks: &'c Hooks<S>,
    body: &'c mut dyn Body<S>,
    stored: &'c mut Option<S::Stored>,
    output: Option<S::Output>,
}

impl<S: Shape> Typed<'_, S> {
    #[inline(never)] // as the codec's functions are: compiled by one crate for each type, and used by all
    fn poll<F>(
        mut self,
        stage: Pin<&mut Stage<F>>,
        steps: Stepper<F>,
        context: &mut Context<'_>,
    ) -> Poll<S::Output> {
        ready!((steps.advance)(stage, steps.make, &mut self, context));
        match self.output {
            Some(output) => Poll::Ready(output),
            None => Poll::Pending, // there always is one
        }
    }
}

impl<S: Shape> Values for Typed<'_, S> {
    fn poll_body(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.output = Some(ready!(self.body.poll_body(context)));
        Poll::Ready(())
    }

    fn refresh(&mut self, machine: &Machine, above: Duration) {
        self.body.refresh(machine, self.hooks, above);
    }

    fn decode(
        &mut self,
        machine: &mut Machine,
        value: &Payload,
        computed: bool,
    ) -> Result<bool, Error> {
        let stored = (self.hooks.decode)(value)?;
        let knows = computed || self.hooks.knows(&stored);
        if knows {
            if let Some(keeper) = self.hooks.keeping.keeper() {
                machine.keep(self.hooks.room(&stored), &|| (keeper.keep)(&stored));
            }
            self.output = Some(S::join(stored));
        }
        Ok(knows)
    }

    fn copy(&mut self, error: &SharedError) -> bool {
        self.output = (self.hooks.errors.unpack)(error);
        self.output.is_some()
    }

    fn split(&mut self) -> bool {
        match self.output.take().map(S::split) {
            Some(Ok(stored)) => *self.stored = Some(stored),
            Some(Err(failed)) => self.output = Some(failed),
            None => {}
        }
        self.stored.is_some()
    }

    fn encode(&self, machine: &mut Machine) {
        if let Some(stored) = &self.stored {
            encode(machine, self.hooks, stored);
        }
    }

    fn error(&self) -> Option<SharedError> {
        (self.hooks.errors.pack)(self.output.as_ref()?)
    }

    fn join(&mut self) {
        self.output = self.stored.take().map(S::join);
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

/// What became of a step.
enum Taken {
    /// There is an output.
    Output,
    /// It was of no use; there is another step.
    Nothing,
    Stop(Stop),
}

/// Takes a step of the machine's.
fn taken(step: Step, machine: &mut Machine, call: &mut dyn Values) -> Taken {
    let is_output = match step {
        Step::Serve(value) => served(machine, call, &value),
        Step::CopyError => copied(machine, call),
        Step::Compute => return Taken::Stop(Stop::Compute),
        Step::Limit => return Taken::Stop(Stop::Limit),
        Step::Lead => return Taken::Stop(Stop::Lead),
    };
    if is_output { Taken::Output } else { Taken::Nothing }
}

/// Looks for a result that the body need not compute.
pub(super) async fn seek<S: Shape>(
    mut machine: Machine,
    hooks: &Hooks<S>,
) -> (Machine, Result<S::Output, Stop>) {
    loop {
        let Stepper { make, poll, .. } = stepper();
        let future = pin!(make(machine));
        let stepped = Driven { future, poll }.await;
        machine = stepped.machine;
        let mut stop = None;
        let output = values_of(hooks, |call| {
            if let Taken::Stop(why) = taken(stepped.step, &mut machine, call) {
                stop = Some(why);
            }
        });
        match (output, stop) {
            (Some(output), _) => return (machine, Ok(output)),
            (None, Some(stop)) => return (machine, Err(stop)),
            (None, None) => {}
        }
    }
}

/// The output that `make` makes of what is there already, without the body.
fn values_of<S: Shape>(hooks: &Hooks<S>, make: impl FnOnce(&mut dyn Values)) -> Option<S::Output> {
    let mut typed = Typed { hooks, body: &mut (), stored: &mut None, output: None };
    make(&mut typed);
    typed.output
}

/// Decodes what the store or another call has.
pub(super) fn serve<S: Shape>(
    machine: &mut Machine,
    hooks: &Hooks<S>,
    value: &Payload,
) -> Option<S::Output> {
    values_of(hooks, |call| {
        served(machine, call, value);
    })
}

/// A future that is polled where it stands.
// Not the `Pin` itself, whose own `poll` is compiled by each crate that a call passes through.
#[derive(Debug)]
pub struct InPlace<'f, F>(pub Pin<&'f mut F>);

impl<F: Future> Future for InPlace<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.0.as_mut().poll(context)
    }
}

/// Decodes what the store or another call has, and says whether it is what the call returns.
fn served(machine: &mut Machine, call: &mut dyn Values, value: &Payload) -> bool {
    let computed = machine.serves_computed();
    match call.decode(machine, value, computed) {
        Ok(true) => {
            machine.served(value);
            return true;
        }
        Ok(false) => machine.refused(None),
        Err(error) => machine.refused(Some(error)),
    }
    false
}

/// Copies the error of the flight that was waited for, and says whether the call returns it.
fn copied(machine: &mut Machine, call: &mut dyn Values) -> bool {
    let mut is_copied = false;
    machine.copy_error(&mut |error| {
        is_copied = call.copy(error);
        is_copied
    });
    is_copied
}

/// Encodes what the body returned, and says whether there is anything to be stored. If not, the output
/// is what the caller gets.
fn computed(machine: &mut Machine, call: &mut dyn Values) -> bool {
    if !machine.returned() {
        return false;
    }
    if call.split() {
        call.encode(machine);
        return true;
    }
    let error = call.error();
    if let Some(value) = machine.failed(error)
        && served(machine, call, &value)
    {
        return false;
    }
    machine.missed();
    false
}

/// Encodes a value, and notes the tags that it says.
#[inline]
pub(super) fn encode<S: Shape>(machine: &mut Machine, hooks: &Hooks<S>, stored: &S::Stored) {
    machine.encode(hooks.said(stored), &hooks.storable(stored));
    if hooks.have_own_tags() {
        machine.tag(&|tags| hooks.write_own_tags(stored, tags));
    }
}

/// A future that is polled by the code of the crate that made it: who awaits it by this compiles none of
/// it.
struct Driven<'f, F: Future> {
    future: Pin<&'f mut F>,
    poll: fn(Pin<&mut F>, &mut Context<'_>) -> Poll<F::Output>,
}

impl<F: Future> Future for Driven<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        (self.poll)(self.future.as_mut(), context)
    }
}

/// How a machine's next step is made, and how that is polled, by itself or in a call.
struct Stepper<F> {
    make: fn(Machine) -> F,
    poll: fn(Pin<&mut F>, &mut Context<'_>) -> Poll<Stepped>,
    advance: Advance<F>,
}

/// As [`Stage::advance`].
type Advance<F> =
    fn(Pin<&mut Stage<F>>, fn(Machine) -> F, &mut dyn Values, &mut Context<'_>) -> Poll<()>;

impl<F> Clone for Stepper<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Stepper<F> {}

fn stepper_of<F: Future<Output = Stepped>>(make: fn(Machine) -> F) -> Stepper<F> {
    Stepper { make, poll: F::poll, advance: Stage::advance }
}

#[inline(never)] // so that all of it is compiled here
fn stepper() -> Stepper<impl Future<Output = Stepped> + Send> {
    stepper_of(Machine::next)
}
