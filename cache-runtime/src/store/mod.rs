//! Where encoded values are kept: the contract of every store ([`Store`]), and below it the three
//! that there are. Nothing here knows of functions or calls.

pub(crate) mod any;
pub(crate) mod breaker;
#[cfg(test)]
mod breaker_tests; // apart: the model checker compiles the file above
#[cfg(test)]
mod conformance;
pub(crate) mod disabled;
mod found;
mod grant;
pub(crate) mod log;
pub(crate) mod memory;
mod redis;
pub(crate) mod tag;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod walk;

pub(crate) use found::{Bytes, Found, Question, Read, ToKeep, Want};
pub(crate) use grant::{Acquired, Act, Ask, Claim, ENDED, LONGEST, LeftBehind, Tagging, Token};

use crate::error::Error;
use crate::figures::stats::ServerInfo;
use crate::key::whole::Key;
use log::Mark;
use std::time::Duration;
use tag::{TagToken, Tokens};
use walk::Walk;

/// How long a key has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// There is no such key.
    Absent,
    /// The key never expires (somebody else wrote it).
    Unlimited,
    /// The key expires after this long.
    Remaining(Duration),
}

/// Where a scan goes on; opaque to everybody but the store that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    at: String,
    /// Which connection gave it: to another server it means nothing.
    generation: u64,
    /// How often the scan has begun again since another connection answered.
    again: u32,
    /// Where it goes over several nodes.
    walk: Option<Box<Walk>>,
}

impl Cursor {
    pub(crate) fn at(at: String) -> Self {
        Self { at, generation: 0, again: 0, walk: None }
    }

    /// How often the scan has begun again, since keys may have been missed: what was counted before
    /// is counted again.
    pub(crate) fn pass(&self) -> u32 {
        self.again + self.walk.as_ref().map_or(0, |walk| walk.pass)
    }
}

/// What the connection to the store is like now, known without asking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reachability {
    /// Nothing was asked of the store yet.
    Untried,
    /// The last thing asked was answered.
    Reachable,
    /// Out of reach or refusing; commands fail at once until the store has been seen to work.
    Unreachable,
}

/// What happened to the connections of one runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// They are out of use, or could not be made.
    Lost,
    /// There are connections again: what was written last may be lost.
    Regained,
}

/// A place for encoded values.
///
/// Every method sends at most the commands it names, waits `within` at the longest, and then
/// answers [`Error::Timeout`]; while the store is known to be out of reach it answers
/// [`Error::Unavailable`] at once. None panics, whatever the server says, and none needs a
/// Tokio runtime to *fail*: outside of one the answer is `Unavailable`.
///
/// Implementations MUST:
/// - make each of these methods one atomic step (`renew`, `remove` and `scan` for each key or page alone,
///   and what has tags for the key alone: all tokens are read after the call began, and `acquire`
///   has them before it answers);
/// - expire a value no later than its `ttl`, counted from the write; a `ttl` below one
///   millisecond stores nothing and answers `Ok`;
/// - have `scan` return, over the pages of one iteration, every key that matches and is present
///   from its start to its end, possibly more than once, or fail;
/// - be bounded in memory, or backed by something that is.
pub(crate) trait Store: Send + Sync {
    /// The value of a key, if it has any, with as much beside it as is wanted; of no value the tags
    /// are not told. [`Error::WrongType`] when it holds something else.
    fn read(&self, question: &Question<'_>) -> impl Future<Output = Result<Read, Error>> + Send;

    /// Gives the lease of `key` to who claims it, with tokens for its tags, new ones where there were
    /// none; or answers why not: there is a value that counts, or somebody else has the lease.
    fn acquire(
        &self,
        key: &Key,
        claim: &Claim<'_>,
        within: Duration,
    ) -> impl Future<Output = Result<Acquired, Error>> + Send;

    /// Gives the tags of what has been computed tokens, as [`acquire`](Self::acquire) does, unless
    /// one of them was invalidated since `mark`, or that is not known: then the answer is `None`.
    fn seed(
        &self,
        tagging: &Tagging<'_>,
        mark: &Mark,
        within: Duration,
    ) -> impl Future<Output = Result<Option<Vec<TagToken>>, Error>> + Send;

    /// Replaces the soft part of the tokens of `tags`, where they have any: what carries the old ones
    /// becomes stale. Answers how many there were. Tags are logged: what was begun before is not
    /// [seeded](Self::seed) any more once this returns.
    fn soften(
        &self,
        tags: &[Key],
        within: Duration,
    ) -> impl Future<Output = Result<u64, Error>> + Send;

    /// The tokens of `tags`.
    fn tokens(
        &self,
        tags: &[Key],
        within: Duration,
    ) -> impl Future<Output = Result<Tokens, Error>> + Send;

    /// [`tokens`](Self::tokens) of tags that a value names which was read before; `to_keep` is what is
    /// known of that then, which is nothing where nobody says what becomes of them.
    fn tokens_beside(
        &self,
        tags: &[Key],
        to_keep: &mut Option<Box<ToKeep>>,
        within: Duration,
    ) -> impl Future<Output = Result<Tokens, Error>> + Send {
        *to_keep = None;
        self.tokens(tags, within)
    }

    /// Does `act` if the lease of `key` is still `token`'s. Answers whether it was; if not, the
    /// key was invalidated or the lease has run out, and nothing is done.
    fn settle(
        &self,
        key: &Key,
        token: &Token,
        act: Act<'_>,
        within: Duration,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// Makes each of these leases last for `life` from now, if it is still that token's: one that is
    /// gone stays gone. No leases, no command.
    fn renew(
        &self,
        leases: &[(Key, Token)],
        life: Duration,
        within: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Removes the values of `keys` and voids their leases, and the tokens of those that are tags;
    /// answers how many values and tokens there were. Tags are logged, as in [`soften`](Self::soften).
    /// No keys, no command.
    fn remove(
        &self,
        keys: &[Key],
        within: Duration,
    ) -> impl Future<Output = Result<u64, Error>> + Send;

    /// How long `key` has left.
    fn life(&self, key: &Key, within: Duration)
    -> impl Future<Output = Result<Life, Error>> + Send;

    /// One page of the keys, whole, that match the glob `pattern` (Redis' syntax), and where to go on;
    /// `None` is the end.
    fn scan(
        &self,
        pattern: &str,
        from: Option<&Cursor>,
        within: Duration,
    ) -> impl Future<Output = Result<(Vec<String>, Option<Cursor>), Error>> + Send;

    /// Asks the store for a sign of life.
    fn ping(&self, within: Duration) -> impl Future<Output = Result<(), Error>> + Send;

    /// What the server says of itself.
    fn info(&self, within: Duration) -> impl Future<Output = Result<ServerInfo, Error>> + Send;

    /// What is known without asking.
    fn reachability(&self) -> Reachability;

    /// The same of where this key is.
    fn reachability_of(&self, _key: &Key) -> Reachability {
        self.reachability()
    }
}
