//! What a call may spend on the store.

use crate::error::Error;
use std::time::{Duration, Instant};

/// The time that all store commands of one call have together. The body's time is not in it.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Duration,
}

impl Budget {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { left: timeout }
    }

    /// How long the next command may take; `None` when there is to be none.
    pub(crate) fn left(&self) -> Option<Duration> {
        (!self.left.is_zero()).then_some(self.left)
    }

    /// When the next command is sent, if what it takes is to be known.
    pub(crate) fn sends(&self) -> Option<Instant> {
        // Without an end it is not: the clock is a part of what a hit in this process takes.
        (self.left != Duration::MAX).then(Instant::now)
    }

    /// It is part of one that has no more left than `whole`.
    pub(crate) fn is_part_of(&mut self, whole: &Self) {
        self.left = self.left.min(whole.left);
    }

    /// Takes off what a command took. After a failure no more are sent.
    pub(crate) fn charge(&mut self, sent: Option<Instant>, worked: bool) {
        self.left = match sent {
            _ if !worked => Duration::ZERO,
            Some(sent) => self.left.saturating_sub(sent.elapsed()),
            None => self.left,
        };
    }

    /// Sends a command that `ask` makes, given how long it may take; `None` when there is to be
    /// none.
    pub(crate) async fn spend<T, F>(
        &mut self,
        ask: impl FnOnce(Duration) -> F,
    ) -> Option<Result<T, Error>>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let (within, sent) = (self.left()?, self.sends());
        let answer = ask(within).await;
        self.charge(sent, answer.is_ok());
        Some(answer)
    }

    /// [`spend`](Self::spend) for who asks for something else when the server refuses.
    pub(crate) async fn spend_refused<T, F>(
        &mut self,
        ask: impl FnOnce(Duration) -> F,
    ) -> Option<Result<T, Error>>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let (before, sent) = (self.left, self.sends());
        let answer = self.spend(ask).await?;
        if matches!(answer, Err(Error::Refused(_))) {
            self.left = before;
            self.charge(sent, true);
        }
        Some(answer)
    }
}
