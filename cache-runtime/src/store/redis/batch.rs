//! Reads that are asked for at about the same time, sent as one message.
//!
//! Who comes first starts a task that lets all others run once, so that they can join, and then
//! sends what has come together. A task and not the first caller, who may be dropped, or not be
//! polled while others wait. A pipeline and not an `MGET`, so that each key has an answer of its
//! own, errors included, and needs no right that a single `GET` does not need.

#[cfg(test)]
mod tests;

use super::pool::Pool;
use redis::{Cmd, Pipeline, RedisError, RedisResult, Value};
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// The most reads of one message, since the first answer is handed on with the last.
const MOST: usize = 32;

/// The reads of one pool that wait to be sent.
#[derive(Debug, Default)]
pub(super) struct Batch(Mutex<Open>);

#[derive(Default)]
struct Open {
    /// Of the connections that it is meant for.
    generation: u64,
    reads: Vec<Cmd>,
    answers: Vec<oneshot::Sender<RedisResult<Value>>>,
}

/// A read that was joined to others.
pub(super) struct Place {
    pub(super) generation: u64,
    answer: oneshot::Receiver<RedisResult<Value>>,
}

impl Batch {
    /// Joins a read to those that wait to be sent. Hands it back if these are meant for other
    /// connections than those of `generation`.
    pub(super) fn join(
        &self,
        pool: &Arc<Pool>,
        runtime: &Handle,
        generation: u64,
        read: Cmd,
    ) -> Result<Place, Cmd> {
        // All threads contend for the lock: what can be done outside of it is.
        let (sender, answer) = oneshot::channel();
        let mut open = self.lock();
        let first = open.answers.is_empty();
        if first {
            open.generation = generation;
        } else if open.generation != generation {
            return Err(read);
        }
        open.reads.push(read);
        open.answers.push(sender);
        let full = (open.answers.len() >= MOST).then(|| open.take());
        drop(open);
        if let Some(full) = full {
            // The task of who came first sends what comes next, or finds nothing.
            drop(runtime.spawn(full.send(pool.clone())));
        } else if first {
            drop(runtime.spawn(Turn(Some(pool.clone())).wait_and_send()));
        }
        Ok(Place { generation, answer })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The answer to this read alone.
    pub(super) async fn answer(self) -> RedisResult<Value> {
        // Not sent, since the connections are not those of before, or its runtime has ended.
        let unsent = |_| Err(RedisError::from(io::Error::from(io::ErrorKind::NotConnected)));
        self.answer.await.unwrap_or_else(unsent)
    }
}

/// The task of who came first, until it sends.
struct Turn(Option<Arc<Pool>>);

impl Turn {
    async fn wait_and_send(mut self) {
        tokio::task::yield_now().await;
        if let Some(pool) = self.0.take() {
            let open = pool.reads.lock().take();
            open.send(pool).await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Its runtime has ended before: nobody is to wait for what will not come.
        if let Some(pool) = &self.0 {
            drop(pool.reads.lock().take());
        }
    }
}

impl Open {
    /// What waits, leaving room for as much again.
    fn take(&mut self) -> Self {
        let room = self.answers.len();
        let next = Self {
            reads: Vec::with_capacity(room),
            answers: Vec::with_capacity(room),
            ..Self::default()
        };
        std::mem::replace(self, next)
    }

    async fn send(self, pool: Arc<Pool>) {
        let count = self.answers.len();
        let connection = pool.connection_of(self.generation).filter(|_| count > 0);
        drop(pool); // which may go while an answer is awaited
        let Some(mut connection) = connection else { return };
        let mut reads = Pipeline::with_capacity(count);
        for read in self.reads {
            reads.add_command(read);
        }
        let mut answers = self.answers;
        let asked = connection.send_packed_commands(&reads, 0, count);
        match while_awaited(asked, &mut answers).await {
            Some(Ok(values)) => {
                for (answer, value) in answers.into_iter().zip(values) {
                    let _ = answer.send(Ok(value)); // or its caller is gone
                }
            }
            Some(Err(error)) => {
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
            None => {}
        }
    }
}

/// Runs `asked`, but no longer than somebody waits for its answer: each has a deadline of its own,
/// and here there is none, which could be over a moment before theirs.
async fn while_awaited<T, A>(
    asked: impl Future<Output = T>,
    answers: &mut [oneshot::Sender<A>],
) -> Option<T> {
    let mut asked = pin!(asked);
    let mut all_gone = pin!(async {
        for answer in answers {
            answer.closed().await;
        }
    });
    poll_fn(|context| match asked.as_mut().poll(context) {
        Poll::Ready(answered) => Poll::Ready(Some(answered)),
        Poll::Pending => all_gone.as_mut().poll(context).map(|()| None),
    })
    .await
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("reads", &self.answers.len()).finish_non_exhaustive()
    }
}

/// Counts those who read now, while it lives.
pub(super) struct Reading<'c>(&'c AtomicUsize);

impl<'c> Reading<'c> {
    /// Answers also whether others read at the same time. Alone there is nobody to wait for.
    pub(super) fn begin(readers: &'c AtomicUsize) -> (Self, bool) {
        let others = readers.fetch_add(1, Ordering::Relaxed) > 0;
        (Self(readers), others)
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
