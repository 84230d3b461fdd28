//! Bodies that own all they use, and so can refresh a value that its caller has got already.

use super::slot::Slot;
use crate::call::Call;
use crate::call::machine::Machine;
use crate::call::read_through::drive;
use crate::call::work::{Body, Made};
use crate::plan::shape::Shape;
use crate::plan::{Hooks, Plan};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// [`read_through`](crate::call::read_through::read_through) for a body that may outlive its
/// caller. `make` copies the arguments, and is called once it is known that the body is to run.
pub fn read_through_owned<S, F, B>(
    call: Call,
    plan: Plan<S>,
    make: F,
) -> impl Future<Output = S::Output>
where
    S: Shape<Output: 'static, Stored: Send> + 'static,
    F: FnOnce() -> B,
    B: Future<Output = S::Output> + Send + 'static,
{
    drive(call.begin(&plan.rules, None), plan.hooks, Owned { make: Some(make), made: None })
}

/// A body that is made when it is first polled.
struct Owned<F, R> {
    make: Option<F>,
    made: Option<Made<R>>,
}

// What it makes is in a box.
impl<F, R> Unpin for Owned<F, R> {}

impl<F, B, R> Future for Owned<F, R>
where
    F: FnOnce() -> B,
    B: Future<Output = R> + Send + 'static,
{
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        if let Some(make) = self.make.take() {
            self.made = Some(Box::pin(make()));
        }
        match &mut self.made {
            Some(made) => made.as_mut().poll(context),
            None => Poll::Pending, // it is always made
        }
    }
}

impl<S, F, B> Body<S> for Owned<F, S::Output>
where
    S: Shape<Output: 'static, Stored: Send> + 'static,
    F: FnOnce() -> B,
    B: Future<Output = S::Output> + Send + 'static,
{
    fn refresh(self, machine: &Machine, hooks: &Hooks<S>, above: Duration) {
        if let Some(make) = self.make {
            refresh(machine, hooks, above, || Box::pin(make()));
        }
    }
}

/// Computes the value of a call again behind its back, unless somebody does already, or has: then
/// there is one with more than `above` of its life left.
pub(in crate::call) fn refresh<S>(
    machine: &Machine,
    hooks: &Hooks<S>,
    above: Duration,
    make: impl FnOnce() -> Made<S::Output>,
) where
    S: Shape<Output: 'static, Stored: Send> + 'static,
{
    if let Some(slot) = Slot::to_refresh(&machine.call) {
        slot.run(Box::pin(refreshed(machine.behind(), hooks.clone(), above, make())));
    }
}

/// Says whether it failed.
async fn refreshed<S: Shape>(
    mut machine: Machine,
    hooks: Hooks<S>,
    above: Duration,
    body: Made<S::Output>,
) -> bool {
    if !machine.leads_at_once(above).await {
        return false; // fresh again, about to be, or there is nowhere to store it
    }
    let output = drive(Some(machine), hooks, body).await;
    S::stored(&output).is_none()
}
