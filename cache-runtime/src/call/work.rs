//! How the body of a call runs.

use super::machine::Machine;
use crate::plan::Hooks;
use crate::plan::shape::Shape;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The body of a call.
pub(super) trait Body<S: Shape>: Future<Output = S::Output> + Unpin {
    /// Runs it behind the caller's back, if it can outlive its caller, to replace the value that the
    /// caller gets; unless there is one by then with more than `above` of its life left.
    fn refresh(self, machine: &Machine, hooks: &Hooks<S>, above: Duration);
}

/// A future that is polled where it stands, by code that becomes a part of the call's. The call itself is
/// polled by `Pin`'s own code, which is not inlined: in one function with its caller's it takes the compiler
/// a tenth longer.
#[derive(Debug)]
pub(super) struct InPlace<'f, F>(pub(super) Pin<&'f mut F>);

impl<F: Future> Future for InPlace<'_, F> {
    type Output = F::Output;

    #[inline(always)] // as that of `Inside`
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.0.as_mut().poll(context)
    }
}

/// A body that uses what its caller has, and so ends with it.
impl<S: Shape, B: Future<Output = S::Output>> Body<S> for InPlace<'_, B> {
    fn refresh(self, _: &Machine, _: &Hooks<S>, _: Duration) {}
}

/// A body that owns what it uses, and is made already.
pub(super) type Made<R> = Pin<Box<dyn Future<Output = R> + Send>>;

impl<S: Shape> Body<S> for Made<S::Output> {
    fn refresh(self, _: &Machine, _: &Hooks<S>, _: Duration) {}
}
