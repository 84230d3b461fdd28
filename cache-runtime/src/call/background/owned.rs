//! Bodies that own all they use, and so can refresh a value that its caller has got already.

use super::slot::Slot;
use crate::call::Call;
use crate::call::machine::Machine;
use crate::call::read_through::{Begun, begin, compute, look, read_through};
use crate::plan::shape::Shape;
use crate::plan::{Hooks, Plan};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A body that owns what it uses, and is made already.
pub(in crate::call) type Made<R> = Pin<Box<dyn Future<Output = R> + Send>>;

/// [`read_through`] for a body that may outlive its
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
    let mut call = begin(call, plan);
    async move {
        if let (call, Ok(output)) = look(&mut call).await {
            call.refresh(|| Box::pin(make()));
            return output;
        }
        compute(&mut call, Box::pin(make()).as_mut()).await
    }
}

impl<S: Shape<Output: 'static, Stored: Send> + 'static> Begun<S> {
    /// Computes the value of a call again behind its back, if that is due, unless somebody does already,
    /// or has.
    pub(in crate::call) fn refresh(&mut self, make: impl FnOnce() -> Made<S::Output>) {
        if let Self { machine: Some(machine), hooks } = self
            && let Some(above) = machine.take_refresh()
            && let Some(slot) = Slot::to_refresh(&machine.call)
        {
            slot.run(Box::pin(refreshed(machine.behind(), hooks.clone(), above, make())));
        }
    }

    /// What stays with the caller of a call that leads, as [`Machine::for_who_waits`] says.
    pub(in crate::call) fn for_who_waits(&mut self) -> (Self, Arc<AtomicBool>) {
        let (machine, left) = self.machine.as_mut().map(Machine::for_who_waits).unzip();
        (Self { machine, hooks: self.hooks.clone() }, left.unwrap_or_default())
    }
}

/// Says whether it failed.
async fn refreshed<S: Shape>(
    mut machine: Machine,
    hooks: Hooks<S>,
    above: Duration,
    mut body: Made<S::Output>,
) -> bool {
    if !machine.leads_at_once(above).await {
        return false; // fresh again, about to be, or there is nowhere to store it
    }
    let mut call = Begun { machine: Some(machine), hooks };
    let output = read_through(pin!(look(&mut call)), Pin::new(&mut body)).await;
    S::stored(&output).is_none()
}
