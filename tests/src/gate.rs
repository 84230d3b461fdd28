//! A place where bodies wait until the test lets them on.

use crate::{DEADLINE, Runs, eventually};
use futures_util::poll;
use std::pin::pin;
use std::task::Poll;
use tokio::sync::{Notify, Semaphore};

/// More than ever come by.
const EVERYBODY: usize = 100_000;

/// Counts who comes, and holds them while it is closed.
#[derive(Debug)]
pub struct Gate {
    /// How many have come, held or not.
    pub runs: Runs,
    held: Notify,
    passing: Semaphore,
}

impl Gate {
    pub fn opened() -> Self {
        Self { runs: Runs::default(), held: Notify::new(), passing: Semaphore::new(EVERYBODY) }
    }

    pub fn closed() -> Self {
        let gate = Self::opened();
        gate.close();
        gate
    }

    /// Whoever comes from now on waits.
    pub fn close(&self) {
        self.passing.forget_permits(usize::MAX);
    }

    /// Lets everybody on, those who wait and those who come later.
    pub fn open(&self) {
        self.passing.add_permits(EVERYBODY);
    }

    /// Lets one on.
    pub fn let_one(&self) {
        self.passing.add_permits(1);
    }

    /// What bodies await. Answers which of them this is, from 1.
    pub async fn pass(&self) -> u64 {
        let run = self.runs.one_more();
        let mut passing = pin!(self.passing.acquire());
        let permit = match poll!(passing.as_mut()) {
            Poll::Ready(permit) => permit,
            // In the queue before anybody hears of it, so that they are let on in their order.
            Poll::Pending => {
                self.held.notify_one();
                passing.await
            }
        };
        permit.unwrap().forget();
        run
    }

    /// Somebody has come and is held.
    pub async fn holds_one(&self) {
        self.held.notified().await;
    }

    /// So many have come.
    pub async fn reached(&self, count: u64) {
        eventually(DEADLINE, || async { self.runs.count() == count }).await;
    }
}
