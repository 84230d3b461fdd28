//! Commands that a node of a cluster does not do itself, and several of them as one message.

use super::late::late;
use super::link::Way;
use super::link::node::Node;
use super::link::redirect::Redirect;
use super::refusal::{self, Asked};
use crate::error::Error;
use crate::timers;
use redis::{Cmd, Pipeline, RedisResult, Value};
use std::time::{Duration, Instant};

/// How often one command is sent on to another node.
const MOST_REDIRECTS: usize = 2;

impl Node {
    /// Asks the node that another one sent us to. Nothing was carried out there, so even a lease's
    /// token may go on. Answers also which of its connections answered.
    pub(super) async fn follow<T>(
        &self,
        mut redirect: Redirect,
        command: &Cmd,
        asked: Asked,
        within: Duration,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<(T, u64), Error> {
        let begun = Instant::now();
        for _ in 0..MOST_REDIRECTS {
            let directory = self.directory().ok_or(Error::Unavailable)?;
            let node = directory.follow(&redirect).ok_or(Error::Unavailable)?;
            drop(directory);
            let (left, mut generation) = (within.saturating_sub(begun.elapsed()), 0);
            let reply = node.reply(command, asked, redirect.asking, left, &mut generation).await?;
            match reply.as_ref().err().and_then(|error| node.redirect(error)) {
                Some(next) => redirect = next,
                None => {
                    return match node.learn(reply, asked, generation, read) {
                        // It is the other node that is full, and not this one.
                        Err(Error::Refused(code))
                            if code != "NOSCRIPT" && refusal::suspends_writes(&code) =>
                        {
                            Err(Error::Unavailable)
                        }
                        answer => answer.map(|answer| (answer, generation)),
                    };
                }
            }
        }
        // They do not agree: nobody can know whom to ask.
        Err(Error::Unavailable)
    }

    /// What is known of the cluster, if it is one, is perhaps no more so.
    pub(super) fn doubt(&self) {
        if let Some(directory) = self.directory() {
            directory.doubt();
        }
    }

    /// Sends several commands as one message. An answer for each; of those that changed something it is
    /// not known whether they did where none came. None is sent on, but whoever asks again knows
    /// where.
    pub(super) async fn ask_all<T>(
        &self,
        commands: &[&Cmd],
        asked: Asked,
        within: Duration,
        read: impl Fn(Value) -> Option<T> + Copy,
    ) -> Vec<Result<T, Error>> {
        let failed = |error: Error| commands.iter().map(|_| Err(error.clone())).collect();
        if within.is_zero() || !timers::available() {
            return failed(if within.is_zero() { Error::Timeout } else { Error::Unavailable });
        }
        let mut message = Pipeline::with_capacity(commands.len());
        for command in commands {
            message.add_command((*command).clone());
        }
        let mut generation = 0;
        let replies = self.send_all(&message, commands.len(), asked, &mut generation);
        let replies = match tokio::time::timeout(within, replies).await {
            Ok(Ok(replies)) => replies,
            Ok(Err(error)) => return failed(error),
            Err(_) => {
                self.fail_here(generation, late());
                return failed(Error::Timeout);
            }
        };
        match replies {
            Ok(replies) if replies.len() == commands.len() => {
                let each = |reply: Value| {
                    let reply = reply.extract_error();
                    if let Err(error) = &reply {
                        self.note_moved(error);
                    }
                    self.learn(reply, asked, generation, read)
                };
                replies.into_iter().map(each).collect()
            }
            Ok(_) => {
                self.fail_here(generation, "it answered out of turn");
                failed(Error::Unavailable)
            }
            Err(error) => match self.learn(Err(error), asked, generation, read) {
                Ok(_) => failed(Error::Unavailable),
                Err(error) => failed(error),
            },
        }
    }

    async fn send_all(
        &self,
        message: &Pipeline,
        count: usize,
        asked: Asked,
        generation: &mut u64,
    ) -> Result<RedisResult<Vec<Value>>, Error> {
        let mut again = asked.changes_nothing();
        loop {
            let mut wire = match self.way()? {
                Way::Ready(wire, current) => {
                    *generation = current;
                    wire
                }
                Way::Wait(pool) => pool.wire(generation).await?,
            };
            match wire.send_all(message, count).await {
                Err(error) if again && error.is_connection_dropped() => {
                    again = false;
                    self.replace_here(*generation);
                }
                replies => return Ok(replies),
            }
        }
    }

    /// Where a slot is by now is known from then on.
    fn note_moved(&self, error: &redis::RedisError) {
        if let Some(moved) = self.redirect(error).filter(|other| !other.asking)
            && let Some(directory) = self.directory()
        {
            directory.follow(&moved);
        }
    }
}
