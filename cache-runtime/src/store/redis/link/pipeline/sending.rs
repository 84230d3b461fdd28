//! A message: those who join it, and how it is sent.

use super::message::{Answer, Message, Place};
use crate::error::Error;
use crate::store::redis::late::late;
use crate::store::redis::link::pool::Pool;
use crate::store::redis::link::wire::Wire;
use crate::store::redis::refusal::{self, Asked};
use redis::{Arg, Cmd, RedisError, RedisResult, Value};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// A message that can still be joined.
#[derive(Debug)]
pub(super) struct Open {
    /// Of the connections that it is meant for.
    pub(super) generation: u64,
    /// How long each of its callers waits.
    pub(super) within: Duration,
    /// The `MGET` of all keys.
    keys: Cmd,
    pub(super) count: usize,
    pub(super) key_bytes: usize,
    /// What the answer is expected to have.
    pub(super) bytes: usize,
    message: Arc<Message>,
}

impl Open {
    /// With room for `count` keys of so many bytes.
    pub(super) fn new(
        generation: u64,
        within: Duration,
        (count, key_bytes): (usize, usize),
    ) -> Self {
        let mut keys = Cmd::with_capacity(count + 1, key_bytes + 4);
        keys.arg("MGET");
        let message = Arc::new(Message::with_capacity(count));
        Self { generation, within, keys, count: 0, key_bytes: 0, bytes: 0, message }
    }

    /// Adds the read of a value of `about` so many bytes.
    pub(super) fn add(&mut self, key: &str, about: usize, waker: Waker) -> Place {
        self.keys.arg(key);
        self.count += 1;
        self.key_bytes += key.len();
        self.bytes += about;
        Message::join(&self.message, self.generation, waker)
    }

    pub(super) async fn send(self, pool: Arc<Pool>) {
        let deadline = pin!(sleep(self.within));
        self.send_before(pool, deadline).await;
    }

    /// Sends the message, and hands out the answers.
    pub(super) async fn send_before(self, pool: Arc<Pool>, mut deadline: Pin<&mut Sleep>) {
        let held = Arc::downgrade(&pool);
        drop(pool); // which may go while an answer is awaited
        let mut generation = self.generation;
        let answered = {
            let mut asked = pin!(self.ask(&held, &mut generation));
            poll_fn(|context| match asked.as_mut().poll(context) {
                Poll::Ready(answers) => Poll::Ready(Some(answers)),
                Poll::Pending => deadline.as_mut().poll(context).map(|()| None),
            })
            .await
        };
        let fail = |reason| take_down(&held, generation, reason);
        match answered {
            Some(Ok(Some(answers))) if answers.len() == self.count => {
                self.message.land(answers);
            }
            Some(Ok(_)) => {
                // Not what was asked: the connection's replies are out of step.
                fail("it answered out of turn");
                self.message.fail(&Error::Unavailable);
            }
            Some(Err(error)) => self.message.fail(&error),
            None => {
                fail(late());
                self.message.fail(&Error::Timeout);
            }
        }
    }

    /// The answers to all keys; `None` if these are none. Asked for once more where the connection
    /// ends under the message; `generation` becomes that of the connection.
    async fn ask(
        &self,
        pool: &Weak<Pool>,
        generation: &mut u64,
    ) -> Result<Option<Vec<Answer>>, Error> {
        match self.ask_once(pool, generation).await? {
            Ok(answers) => Ok(answers),
            Err(error) if error.is_connection_dropped() => {
                if let Some(pool) = pool.upgrade() {
                    pool.replace(*generation);
                }
                // In a box: what is rarely needed would be a part of every message's task.
                Ok(Box::pin(self.ask_one_by_one(pool, generation)).await)
            }
            Err(error) => Err(judge(pool, *generation, &error)),
        }
    }

    /// Who has ended the connection is known where each goes alone.
    async fn ask_one_by_one(&self, pool: &Weak<Pool>, generation: &mut u64) -> Option<Vec<Answer>> {
        let mut answers = Vec::with_capacity(self.count);
        for key in self.keys.args_iter().skip(1) {
            let Arg::Simple(key) = key else { return None };
            let mut read = Cmd::with_capacity(2, key.len() + 3);
            read.arg("GET").arg(key);
            let alive = pool.upgrade()?;
            let key = std::str::from_utf8(key).ok()?;
            let reply = alive.send_again(&read, Some(key), generation).await;
            answers.push(match reply.map(|reply| reply.and_then(Value::extract_error)) {
                Ok(Ok(value)) => Ok(answer(value)?),
                Ok(Err(error)) => Err(judge(pool, *generation, &error)),
                Err(error) => Err(error),
            });
        }
        Some(answers)
    }

    async fn ask_once(
        &self,
        pool: &Weak<Pool>,
        generation: &mut u64,
    ) -> Result<RedisResult<Option<Vec<Answer>>>, Error> {
        let alive = pool.upgrade().ok_or(Error::Unavailable)?;
        let mut wire = alive.wire(generation).await?;
        let singly = alive.reads_singly(*generation);
        drop(alive); // as above
        if !singly {
            match wire.send(&self.keys).await.and_then(Value::extract_error) {
                Ok(Value::Array(values)) => {
                    return Ok(Ok(values.into_iter().map(|value| answer(value).map(Ok)).collect()));
                }
                Ok(_) => return Ok(Ok(None)),
                // `ERR`: a server or proxy without this command.
                Err(error) if matches!(error.code(), Some("NOPERM" | "CROSSSLOT" | "ERR")) => {}
                Err(error) => return Ok(Err(error)),
            }
            if let Some(pool) = pool.upgrade() {
                pool.read_singly(*generation);
            }
        }
        // In a box, for the same reason.
        let values = match Box::pin(self.ask_singly(&mut wire)).await {
            Ok(values) => values,
            Err(error) => return Ok(Err(error)),
        };
        let each = values.into_iter().map(|value| match value.extract_error() {
            Ok(value) => answer(value).map(Ok),
            Err(error) => Some(Err(judge(pool, *generation, &error))),
        });
        Ok(Ok(each.collect()))
    }

    /// The answers to a `GET` of each key.
    async fn ask_singly(&self, wire: &mut Wire) -> RedisResult<Vec<Value>> {
        let count = self.count;
        let mut reads = redis::Pipeline::with_capacity(count);
        for key in self.keys.args_iter().skip(1) {
            if let Arg::Simple(key) = key {
                reads.cmd("GET").arg(key);
            }
        }
        wire.send_all(&reads, count).await
    }
}

/// What the callers get to know of an error.
fn judge(pool: &Weak<Pool>, generation: u64, error: &RedisError) -> Error {
    refusal::learn(error, Asked::Read, |reason| take_down(pool, generation, reason))
}

/// The connections are of no use any more.
fn take_down(pool: &Weak<Pool>, generation: u64, reason: &str) {
    if let Some(pool) = pool.upgrade() {
        pool.fail(generation, reason);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // However it ended: nobody is to wait for what will not come.
        self.message.fail(&Error::Unavailable);
    }
}

/// What a reply says of a value; `None` if it is none that a read has.
fn answer(reply: Value) -> Option<Option<Vec<u8>>> {
    match reply {
        Value::Nil => Some(None),
        Value::BulkString(bytes) => Some(Some(bytes)),
        _ => None,
    }
}
