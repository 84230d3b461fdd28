//! What the callers of one message share: a place for each, where its answer comes to lie.

use crate::error::Error;
use crate::sync::{Mutex, lock};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// What a caller gets: its value, if there is one.
pub(super) type Answer = Result<Option<Vec<u8>>, Error>;

/// The places of those who joined.
#[derive(Debug)]
pub(super) struct Message(Mutex<Slots>);

#[derive(Debug)]
struct Slots {
    all: Vec<Slot>,
    /// The answers are there: whoever still waits is being woken.
    landed: bool,
}

#[derive(Debug)]
enum Slot {
    Waiting(Waker),
    Answered(Answer),
    /// The answer was taken, or nobody waits for it.
    Empty,
}

/// A read that was joined to others: waits for the answer to it alone, and owns it. The answers of
/// others do not stay because of it.
#[derive(Debug)]
pub(crate) struct Place {
    /// `None` once it is answered.
    message: Option<Arc<Message>>,
    index: usize,
    /// Of the connections that it goes by.
    generation: u64,
}

impl Message {
    pub(super) fn with_capacity(count: usize) -> Self {
        Self(Mutex::new(Slots { all: Vec::with_capacity(count), landed: false }))
    }

    /// A place for one more caller.
    pub(super) fn join(this: &Arc<Self>, generation: u64, waker: Waker) -> Place {
        let mut slots = lock(&this.0);
        let index = slots.all.len();
        slots.all.push(Slot::Waiting(waker));
        Place { message: Some(this.clone()), index, generation }
    }

    /// Hands out the answers, once. An answer that nobody waits for is dropped.
    pub(super) fn land(&self, answers: impl IntoIterator<Item = Answer>) {
        let mut slots = lock(&self.0);
        if std::mem::replace(&mut slots.landed, true) {
            return;
        }
        let mut wakers = Vec::with_capacity(slots.all.len());
        for (slot, answer) in slots.all.iter_mut().zip(answers) {
            if let Slot::Waiting(_) = slot
                && let Slot::Waiting(waker) = std::mem::replace(slot, Slot::Answered(answer))
            {
                wakers.push(waker);
            }
        }
        drop(slots);
        // Outside of the lock, which the woken need.
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Tells all who still wait.
    pub(super) fn fail(&self, error: &Error) {
        self.land(std::iter::repeat_with(|| Err(error.clone())));
    }
}

#[cfg(test)]
impl Place {
    /// The bytes of all answers that have not been taken.
    pub(super) fn bytes_kept(&self) -> usize {
        let bytes = |slot: &Slot| match slot {
            Slot::Answered(Ok(Some(bytes))) => bytes.len(),
            _ => 0,
        };
        self.message.as_ref().map_or(0, |message| lock(&message.0).all.iter().map(bytes).sum())
    }
}

impl Future for Place {
    /// With the generation of the connections that answered.
    type Output = Result<(Option<Vec<u8>>, u64), Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = {
            let Some(message) = &self.message else { return Poll::Ready(Err(Error::Unavailable)) };
            match lock(&message.0).all.get_mut(self.index) {
                Some(Slot::Waiting(waker)) => {
                    waker.clone_from(context.waker());
                    return Poll::Pending;
                }
                Some(slot) => std::mem::replace(slot, Slot::Empty),
                None => Slot::Empty,
            }
        };
        self.message = None;
        Poll::Ready(match answer {
            Slot::Answered(answer) => answer.map(|found| (found, self.generation)),
            Slot::Waiting(_) | Slot::Empty => Err(Error::Unavailable),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            let mut slots = lock(&message.0);
            let left =
                slots.all.get_mut(self.index).map(|slot| std::mem::replace(slot, Slot::Empty));
            drop(slots);
            drop(left);
        }
    }
}
