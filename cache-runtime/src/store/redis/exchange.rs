//! One command and its answer: within its deadline, and learning from what comes of it.

use super::RedisStore;
use super::batch::Reading;
use super::refusal::{self, Asked, Verdict};
use super::scripts::Hashed;
use crate::error::Error;
use crate::store::breaker::Admission;
use redis::{Cmd, Value};
use std::time::Duration;

impl RedisStore {
    /// Sends one command and reads its answer.
    ///
    /// In a box, as the client's own `query_async` is: its 1.5 KiB would be part of the future
    /// of every cached function.
    pub(super) fn ask<T: Send>(
        &self,
        command: Cmd,
        asked: Asked,
        within: Duration,
        read: impl FnOnce(Value) -> Option<T> + Send,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        Box::pin(async move { Ok(self.exchange(command, asked, within, read).await?.0) })
    }

    /// [`ask`](Self::ask), with the generation of the connection that answered.
    pub(super) fn ask_by<T: Send>(
        &self,
        command: Cmd,
        asked: Asked,
        within: Duration,
        read: impl FnOnce(Value) -> Option<T> + Send,
    ) -> impl Future<Output = Result<(T, u64), Error>> + Send {
        Box::pin(self.exchange(command, asked, within, read))
    }

    /// The exchange itself, within one deadline for everything.
    ///
    /// Any sign that the connection or the server is no good takes the pool down, so that
    /// those who come next do not wait for the same again.
    async fn exchange<T>(
        &self,
        command: Cmd,
        asked: Asked,
        within: Duration,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<(T, u64), Error> {
        if within.is_zero() {
            return Err(Error::Timeout);
        }
        // Before the timer: without a runtime, or one that has none, making it would panic.
        let (_reading, together) = match asked {
            Asked::Read => {
                let (reading, others) = Reading::begin(&self.readers);
                (Some(reading), others)
            }
            Asked::Write | Asked::Other => (None, false),
        };
        let way = self.pools.way(command, together)?;
        // Zero is the generation before the first connection.
        let mut generation = 0;
        let answer = tokio::time::timeout(within, way.take(&mut generation)).await;
        let reply = match answer {
            Ok(Ok(reply)) => reply.and_then(Value::extract_error),
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                self.pools.fail_here(generation, "it did not answer in time");
                return Err(Error::Timeout);
            }
        };
        match reply.map(read) {
            Ok(Some(value)) => Ok((value, generation)),
            Ok(None) => {
                // Not what this command answers: the connection's replies are out of step.
                self.pools.fail_here(generation, "it answered out of turn");
                Err(Error::Unavailable)
            }
            Err(error) => Err(match refusal::judge(&error, asked) {
                Verdict::WrongType => Error::WrongType,
                Verdict::Refused(code) => Error::Refused(code),
                Verdict::Lost(reason) => {
                    self.pools.fail_here(generation, &reason);
                    error.code().map_or(Error::Unavailable, |code| Error::Refused(code.to_owned()))
                }
            }),
        }
    }
}

impl RedisStore {
    /// Runs a script by its hash, or in full where the server has not seen it since its start.
    pub(super) async fn run<T: Send, K: AsRef<str>>(
        &self,
        script: &Hashed,
        keys: &[K],
        arguments: &[&[u8]],
        asked: Asked,
        within: Duration,
        read: impl Fn(Value) -> Option<T> + Copy + Send,
    ) -> Result<T, Error> {
        Ok(self.run_by(script, keys, arguments, asked, within, read).await?.0)
    }

    /// [`run`](Self::run), with the generation of the connection that answered.
    pub(super) async fn run_by<T: Send, K: AsRef<str>>(
        &self,
        script: &Hashed,
        keys: &[K],
        arguments: &[&[u8]],
        asked: Asked,
        within: Duration,
        read: impl Fn(Value) -> Option<T> + Copy + Send,
    ) -> Result<(T, u64), Error> {
        let begun = self.report.now();
        match self.ask_by(script.by_hash(keys, arguments), asked, within, read).await {
            Err(Error::Refused(code)) if code == "NOSCRIPT" => {
                let left = within.saturating_sub(self.report.now().saturating_sub(begun));
                self.ask_by(script.in_full(keys, arguments), asked, left, read).await
            }
            answer => answer,
        }
    }

    /// Runs a script that answers whether the lease was still ours.
    pub(super) async fn settle_by(
        &self,
        script: &Hashed,
        keys: &[&str],
        arguments: &[&[u8]],
        within: Duration,
    ) -> Result<bool, Error> {
        let ours = |reply| match reply {
            Value::Int(ours) => Some(ours == 1),
            _ => None,
        };
        self.run(script, keys, arguments, Asked::Write, within, ours).await
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
