//! One command and its answer: within its deadline, and learning from what comes of it.

use super::get::Get;
use super::hashed::Hashed;
use super::late::late;
use super::link::node::Node;
use super::link::readers::Reading;
use super::link::{Late, Way, deadline};
use super::refusal::{self, Asked};
use crate::boxed::boxed;
use crate::error::Error;
use crate::store::Question;
use crate::store::breaker::Admission;
use redis::{Arg, Cmd, RedisResult, Value};
use std::borrow::Cow;
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::time::timeout_at;

impl Node {
    /// Reads a value and nothing beside it, together with others where others read as well.
    /// Answers also which connection answered.
    // Not an `async fn`, whose future holds its arguments twice; it is part of every hit's.
    #[allow(clippy::manual_async_fn)]
    pub(super) fn get(
        &self,
        question: &Question<'_>,
    ) -> impl Future<Output = Result<(Option<Vec<u8>>, u64), Error>> + Send {
        async move {
            if question.within.is_zero() {
                return Err(Error::Timeout);
            }
            let (_reading, others) = Reading::begin(self);
            if others {
                let place = poll_fn(|context| {
                    Poll::Ready(self.join(question, context.waker())) // it waits in `Place`
                });
                if let Some(place) = place.await {
                    return place.await;
                }
            }
            // In a box, as in `ask_by`.
            let answer = boxed(move || async move {
                let command = Get::of(question.key.whole());
                self.exchange(command.as_cmd(), Asked::Read, question.within, bytes).await
            });
            answer.await
        }
    }

    /// How many bytes the value of `key` has; none where there is no value.
    pub(super) async fn length(&self, key: &str, within: Duration) -> Result<usize, Error> {
        let mut command = Cmd::with_capacity(2, key.len() + 6);
        command.arg("STRLEN").arg(key);
        let length = |reply| match reply {
            Value::Int(length) => usize::try_from(length).ok(),
            _ => None,
        };
        self.ask(command, Asked::Look, within, length).await
    }

    /// Sends one command and reads its answer.
    pub(super) fn ask<'s, T: Send + 's>(
        &'s self,
        command: Cmd,
        asked: Asked,
        within: Duration,
        read: impl FnOnce(Value) -> Option<T> + Send + 's,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        let answer = self.ask_by(command, asked, within, read);
        async move { Ok(answer.await?.0) }
    }

    /// [`ask`](Self::ask), with the generation of the connection that answered.
    ///
    /// In a box, as the client's own `query_async` is: its 1.5 KiB would be part of the future
    /// of every cached function.
    pub(super) fn ask_by<'s, T: Send + 's>(
        &'s self,
        command: Cmd,
        asked: Asked,
        within: Duration,
        read: impl FnOnce(Value) -> Option<T> + Send + 's,
    ) -> impl Future<Output = Result<(T, u64), Error>> + Send {
        boxed(move || async move { self.exchange(&command, asked, within, read).await })
    }

    /// The exchange itself, within one deadline for everything.
    async fn exchange<T>(
        &self,
        command: &Cmd,
        asked: Asked,
        within: Duration,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<(T, u64), Error> {
        // The only one that may be sent on.
        let begun = self.is_member().then(Instant::now);
        // Zero is the generation before the first connection.
        let mut generation = 0;
        let reply = self.reply(command, asked, false, within, &mut generation).await?;
        if let Err(error) = &reply
            && let Some(redirect) = self.redirect(error)
        {
            let spent = begun.map_or(Duration::ZERO, |begun| begun.elapsed());
            let left = within.saturating_sub(spent);
            // In a box, as what is rarely needed.
            return Box::pin(self.follow(redirect, command, asked, left, read)).await;
        }
        self.learn(reply, asked, generation, read).map(|answer| (answer, generation))
    }

    /// Sends a command, and waits for what comes back.
    pub(super) async fn reply(
        &self,
        command: &Cmd,
        asked: Asked,
        asking: bool,
        within: Duration,
        generation: &mut u64,
    ) -> Result<RedisResult<Value>, Error> {
        if within.is_zero() {
            return Err(Error::Timeout);
        }
        let deadline = deadline(within);
        // In boxes: what is rarely needed would be a part of every exchange.
        let mut wire = match self.way()? {
            Way::Ready(wire, current) => {
                *generation = current;
                wire
            }
            Way::Wait(pool) => {
                let wire = Box::pin(timeout_at(deadline, pool.wire(generation))).await;
                wire.map_err(|_| self.too_late(*generation))??
            }
        };
        let reply = if asking {
            let reply = Box::pin(timeout_at(deadline, wire.send_asking(command))).await;
            reply.map_err(|_| self.too_late(*generation))?
        } else {
            let reply = wire.send_by(command, deadline).await;
            match reply.map_err(|Late| self.too_late(*generation))? {
                Err(error) if asked.changes_nothing() && error.is_connection_dropped() => {
                    let again = timeout_at(deadline, self.send_again(command, generation));
                    Box::pin(again).await.map_err(|_| self.too_late(*generation))??
                }
                reply => reply,
            }
        };
        Ok(reply.and_then(Value::extract_error))
    }

    /// What is said to who waits for a connection of `generation` that does not answer in time.
    #[cold]
    fn too_late(&self, generation: u64) -> Error {
        self.fail_here(generation, late());
        Error::Timeout
    }

    /// What a reply says.
    ///
    /// Any sign that the connection or the server is no good takes the pool down, so that
    /// those who come next do not wait for the same again.
    pub(super) fn learn<T>(
        &self,
        reply: RedisResult<Value>,
        asked: Asked,
        generation: u64,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<T, Error> {
        match reply.map(read) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => {
                // Not what this command answers: the connection's replies are out of step.
                self.fail_here(generation, "it answered out of turn");
                Err(Error::Unavailable)
            }
            Err(error) if asked == Asked::Bulk && refusal::closes(&error) => {
                self.replace_here(generation);
                Err(Error::Unavailable)
            }
            Err(error) => {
                let lost = |reason: &str| self.fail_here(generation, reason);
                let learned = refusal::learn(&error, asked, lost);
                match &learned {
                    Error::Refused(code) if code == "READONLY" => {
                        self.leave(generation);
                        self.doubt();
                    }
                    Error::Refused(code) if code == "CLUSTERDOWN" => self.doubt(),
                    Error::Refused(code) if code == "MOVED" && !self.is_member() => {
                        self.report.is_of_a_cluster();
                    }
                    _ => {}
                }
                Err(learned)
            }
        }
    }
}

/// The answer of `GET`, as it is.
fn bytes(reply: Value) -> Option<Option<Vec<u8>>> {
    match reply {
        Value::Nil => Some(None),
        Value::BulkString(bytes) => Some(Some(bytes)),
        _ => None,
    }
}

/// The first key of a command that has any: behind the name, or behind a script and the keys' number.
fn about(command: &Cmd) -> Option<Cow<'_, str>> {
    let mut words = command.args_iter().map(|word| match word {
        Arg::Simple(word) => String::from_utf8_lossy(word),
        _ => Cow::Borrowed(""),
    });
    match words.next().as_deref() {
        Some("EVAL" | "EVALSHA") => words.nth(2),
        // Of these it would be a cursor, or a word.
        Some("SCAN" | "PING" | "INFO" | "CLUSTER") => None,
        _ => words.next(),
    }
}

impl Node {
    /// Sends once more what had its connection end under it, by the one that replaces that.
    async fn send_again(
        &self,
        command: &Cmd,
        generation: &mut u64,
    ) -> Result<RedisResult<Value>, Error> {
        let pool = self.pool_here().ok_or(Error::Unavailable)?;
        pool.replace(*generation);
        pool.send_again(command, about(command).as_deref(), generation).await
    }

    /// Runs a script, by its hash, or in full where the server has not seen it since its start.
    pub(super) fn run<'s, T: Send + 's, K: AsRef<str> + Sync>(
        &'s self,
        script: &'s Hashed,
        keys: &'s [K],
        arguments: &'s [&'s [u8]],
        asked: Asked,
        within: Duration,
        read: impl Fn(Value) -> Option<T> + Copy + Send + 's,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        let answer = self.run_by(script, keys, arguments, asked, within, read);
        async move { Ok(answer.await?.0) }
    }

    /// [`run`](Self::run), with the generation of the connection that answered. In a box, as
    /// [`ask_by`](Self::ask_by).
    pub(super) fn run_by<'s, T: Send + 's, K: AsRef<str> + Sync>(
        &'s self,
        script: &'s Hashed,
        keys: &'s [K],
        arguments: &'s [&'s [u8]],
        asked: Asked,
        within: Duration,
        read: impl Fn(Value) -> Option<T> + Copy + Send + 's,
    ) -> impl Future<Output = Result<(T, u64), Error>> + Send {
        boxed(move || async move {
            let begun = self.report.now();
            // In a block of its own: the answer would be kept while it is asked again.
            {
                let by_hash = script.by_hash(keys, arguments);
                let answer = self.exchange(&by_hash, asked, within, read).await;
                if !matches!(&answer, Err(Error::Refused(code)) if code == "NOSCRIPT") {
                    return answer;
                }
            }
            let left = within.saturating_sub(self.report.now().saturating_sub(begun));
            self.ask_by(script.in_full(keys, arguments), asked, left, read).await
        })
    }

    /// Runs a script that answers whether the lease was still ours.
    pub(super) fn settle_by<'s>(
        &'s self,
        script: &'s Hashed,
        keys: &'s [&'s str],
        arguments: &'s [&'s [u8]],
        asked: Asked,
        within: Duration,
    ) -> impl Future<Output = Result<bool, Error>> + Send {
        let ours = |reply| match reply {
            Value::Int(ours) => Some(ours == 1),
            _ => None,
        };
        self.run(script, keys, arguments, asked, within, ours)
    }

    /// Does not even send a write while the server refuses them, and learns from the answer.
    pub(super) async fn write<T>(
        &self,
        write: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let admission = self.writes.admit(self.report.now());
        if admission == Admission::Refused {
            return Err(Error::Refused(self.report.refused_with()));
        }
        let outcome = write.await;
        match &outcome {
            Ok(_) => {
                if self.writes.succeeded(admission) {
                    self.report.writes_resumed();
                }
            }
            Err(Error::Refused(code)) if refusal::suspends_writes(code) => {
                self.report.remember_refusal(code);
                if self.writes.failed(admission, self.report.now()) {
                    self.report.writes_refused(code);
                }
            }
            Err(_) => {}
        }
        outcome
    }
}
