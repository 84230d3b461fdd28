//! How the body of a call can be run.

use crate::call::Active;
use crate::call::limits::{Going, Limits};
use crate::call::read_through::Leading;
use crate::plan::Plan;
use crate::plan::shape::Shape;
use std::pin::Pin;
use std::time::Duration;

/// How the body `B` of a call can be run.
///
/// `B` is a parameter and not an associated type: as one, the futures of callers would have to
/// prove again what it is, for all lifetimes, to be `Send`, which the compiler cannot.
pub(crate) trait Work<S: Shape, B>: Sized {
    /// In the caller's own task.
    fn here(self) -> B;

    /// In a task of its own, to store what it computes; unless there are enough of them. A value
    /// with more than `above` of its life left is newer than the one to refresh.
    fn behind(self, call: &Active, plan: &Plan<S>, above: Duration);

    /// How long the caller waits for it.
    fn limits(&self) -> Option<&Limits<S::Output>> {
        None
    }

    /// For all who wait, in the caller's own task until its limits are reached.
    fn lead(self, _: &Active, _: &Plan<S>, leading: Leading) -> Lead<S, Self> {
        Lead::Here(self, leading)
    }
}

/// How a leader computes.
pub(crate) enum Lead<S: Shape, W> {
    /// For as long as it takes.
    Here(W, Leading),
    /// So that it can be left to go on by itself.
    Going(Going<S>),
}

/// A body that uses what its caller has, and so ends with it.
impl<S: Shape, B: Future<Output = S::Output>> Work<S, Self> for Pin<&mut B> {
    fn here(self) -> Self {
        self
    }

    fn behind(self, _: &Active, _: &Plan<S>, _: Duration) {}
}

/// A body that owns what it uses, and is made already.
impl<S: Shape, B: Future<Output = S::Output>> Work<S, Self> for Pin<Box<B>> {
    fn here(self) -> Self {
        self
    }

    fn behind(self, _: &Active, _: &Plan<S>, _: Duration) {}
}
