//! Several futures of one task.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

type Boxed<F> = Pin<Box<F>>;

/// One of several futures, until it has come to its end.
enum Part<F: Future> {
    Going(Boxed<F>),
    Over(Option<F::Output>),
}

impl<F: Future> Part<F> {
    /// Whether it has come to its end.
    fn poll(&mut self, context: &mut Context<'_>) -> bool {
        if let Self::Going(future) = self
            && let Poll::Ready(output) = future.as_mut().poll(context)
        {
            *self = Self::Over(Some(output));
        }
        matches!(self, Self::Over(_))
    }

    fn take(&mut self) -> Option<F::Output> {
        match self {
            Self::Going(_) => None,
            Self::Over(output) => output.take(),
        }
    }
}

fn parts<F: Future>(futures: impl Iterator<Item = F>) -> Vec<Part<F>> {
    futures.map(|future| Part::Going(Box::pin(future))).collect()
}

/// Polls all of them until all have come to their ends. What they send is sent together.
pub(crate) async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut parts = parts(futures);
    poll_fn(|context| {
        let going = parts.iter_mut().filter_map(|part| (!part.poll(context)).then_some(())).count();
        if going == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    parts.iter_mut().filter_map(Part::take).collect()
}

/// Polls all of them until any has come to its end; answers which have.
pub(crate) async fn any<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut parts = parts(futures);
    poll_fn(|context| {
        let over = parts.iter_mut().filter_map(|part| part.poll(context).then_some(())).count();
        if over == 0 { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    parts.iter_mut().filter_map(Part::take).collect()
}

/// Polls both until both have come to their ends.
pub(crate) async fn both<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output) {
    let (mut one, mut other) = (Part::Going(Box::pin(one)), Part::Going(Box::pin(other)));
    poll_fn(|context| {
        let over = [one.poll(context), other.poll(context)];
        if over == [true, true] { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    // Both are over, so neither waits for ever.
    match (one.take(), other.take()) {
        (Some(one), Some(other)) => (one, other),
        _ => std::future::pending().await,
    }
}
