//! Reads that are asked for at about the same time, sent as one message: an `MGET` with one
//! deadline.
//!
//! Who comes first starts a task that lets all others run once, so that they can join, and then
//! sends what has come together. A task and not the first caller, who may be dropped, or not be
//! polled while others wait.
//!
//! `MGET` answers nil for a key of another type, which so is a miss; the `GET` of who then asks
//! for the lease says what it is. Where `MGET` is not permitted, the message is `GET`s, and that
//! is remembered for as long as these connections are in use.

mod message;
mod sending;
#[cfg(test)]
mod tests;

pub(crate) use message::Place;

use super::pool::Pool;
use crate::store::Question;
use crate::sync::{Mutex, lock};
use sending::Open;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep};

/// The most reads of one message, since the first answer is handed on with the last.
const MOST_KEYS: usize = 128;
/// The most bytes that the answer to one message is expected to have.
const MOST_BYTES: usize = 64 * 1024;
/// A value of more bytes goes alone: small ones would wait for it.
const LARGE: usize = 4 * 1024;

/// The reads of one runtime that wait to be sent.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pool: Arc<Pool>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    open: Option<Open>,
    /// How many keys, and bytes of keys, the last message had: a guess for the next.
    room: (usize, usize),
}

impl Pipeline {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Self { pool, waiting: Mutex::default() }
    }

    /// Joins the read of a value to those that wait to be sent.
    ///
    /// `None` if it has to go alone: it is large, there is no connection, or what waits is meant
    /// for others. The callers of one message wait for one time, so who has spent a part of it
    /// goes alone as well.
    pub(super) fn join(
        self: &Arc<Self>,
        runtime: &Handle,
        question: &Question<'_>,
        waker: &Waker,
    ) -> Option<Place> {
        let Question { key, want, within } = *question;
        if want.about > LARGE {
            return None;
        }
        let generation = self.pool.generation()?;
        // All threads contend for the lock: what can be done outside of it is.
        let waker = waker.clone();
        let mut waiting = lock(&self.waiting);
        let first = waiting.open.is_none();
        let room = waiting.room;
        let open = waiting.open.get_or_insert_with(|| Open::new(generation, within, room));
        if open.generation != generation || open.within != within {
            return None;
        }
        let place = open.add(key.whole(), want.about, waker);
        let full = open.count >= MOST_KEYS || open.bytes > MOST_BYTES - LARGE;
        let full = if full { waiting.take() } else { None };
        drop(waiting);
        if let Some(open) = full {
            // The task of who came first sends what comes next, or finds nothing.
            drop(runtime.spawn(open.send(self.pool.clone())));
        } else if first {
            drop(runtime.spawn(Turn(Some(self.clone())).wait_and_send(within)));
        }
        Some(place)
    }
}

impl Waiting {
    fn take(&mut self) -> Option<Open> {
        let open = self.open.take()?;
        self.room = (open.count, open.key_bytes);
        Some(open)
    }
}

/// The task of who came first, until it sends.
struct Turn(Option<Arc<Pipeline>>);

impl Turn {
    async fn wait_and_send(mut self, within: Duration) {
        let mut deadline = pin!(sleep(within));
        // Set before it waits: who sets the only timer there is wakes the runtime's driver, a
        // system call.
        arm(deadline.as_mut()).await;
        tokio::task::yield_now().await;
        let Some(pipeline) = self.0.take() else { return };
        let open = lock(&pipeline.waiting).take();
        if let Some(open) = open {
            // Who came last has the whole time.
            deadline.as_mut().reset(Instant::now() + open.within);
            let pool = pipeline.pool.clone();
            drop(pipeline); // which may go while an answer is awaited
            open.send_before(pool, deadline).await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Its runtime has ended before: nobody is to wait for what will not come.
        if let Some(pipeline) = &self.0 {
            let open = lock(&pipeline.waiting).take();
            drop(open);
        }
    }
}

async fn arm(mut deadline: Pin<&mut Sleep>) {
    poll_fn(|context| {
        let _ = deadline.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}
