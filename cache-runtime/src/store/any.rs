//! The one of the stores that the configuration asked for.

use super::disabled::DisabledStore;
use super::log::Mark;
use super::memory::MemoryStore;
use super::redis::RedisStore;
use super::tag::{TagToken, Tokens};
use super::{
    Acquired, Act, Claim, Cursor, Life, Question, Reachability, Read, Store, Tagging, ToKeep, Token,
};
use crate::config::{Settings, Target};
use crate::error::Error;
use crate::figures::measure::Command;
use crate::figures::stats::BreakerState;
use crate::figures::stats::ServerInfo;
use crate::key::whole::Key;
use crate::l1::L1;
use crate::store::Event;
use std::sync::Arc;
use std::time::Duration;

/// The store that the configuration asked for, told apart once per call and not by a v-table.
#[derive(Debug)]
pub(crate) enum AnyStore {
    /// In Redis.
    Redis(RedisStore),
    /// In this process.
    Memory(MemoryStore),
    /// Nowhere.
    Disabled(DisabledStore),
}

/// The same method of whichever store it is; with a name, its time is measured under that.
macro_rules! delegate {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            AnyStore::Redis($store) => $call,
            AnyStore::Memory($store) => $call,
            AnyStore::Disabled($store) => $call,
        }
    };
    ($name:literal: $self:ident, $store:ident => $call:expr) => {{
        static COMMAND: Command = Command::new($name);
        let timer = COMMAND.begins();
        let answer = delegate!($self, $store => $call);
        timer.ends();
        answer
    }};
}

impl AnyStore {
    /// The store that `settings` ask for. No I/O.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(match &settings.target {
            Target::Redis(server) => {
                let (server, prefix) = (server.as_ref().clone(), &settings.prefix);
                let store = RedisStore::new(server, prefix, settings.connections);
                Self::Redis(store.reading_at_most(settings.max_size))
            }
            Target::Memory(bounds) => {
                Self::Memory(MemoryStore::new(settings.clock.clone(), *bounds))
            }
            Target::Disabled(_) => Self::Disabled(DisabledStore),
        })
    }

    /// While what it answers lives, reads wait for one another for one turn, and so go together also
    /// where nobody else reads.
    pub(crate) fn together(&self) -> Option<impl Send + use<'_>> {
        match self {
            Self::Redis(store) => Some(store.together()),
            Self::Memory(_) | Self::Disabled(_) => None,
        }
    }

    /// Has `l1` told of what changes in that which was read for it, where there is anybody to tell
    /// it. `without`: where the server does not tell, functions may say for how long that is good.
    pub(crate) fn track(&mut self, l1: &Arc<L1>, without: bool) {
        if let Self::Redis(store) = self {
            store.track(l1.clone(), without);
        }
    }

    /// There are functions that keep what they read.
    pub(crate) fn serves_l1(&self) {
        if let Self::Redis(store) = self {
            store.serves_l1();
        }
    }

    /// Keys of one place have one fate; what becomes of those of another may be different.
    pub(crate) fn place(&self, key: &Key) -> usize {
        match self {
            Self::Redis(store) => store.place(key),
            Self::Memory(_) | Self::Disabled(_) => 0,
        }
    }

    /// How often a lost connection was made again; `None` where none can be lost.
    pub(crate) fn reconnects(&self) -> Option<u64> {
        match self {
            Self::Redis(store) => Some(store.reconnects()),
            Self::Memory(_) | Self::Disabled(_) => None,
        }
    }

    /// Why the server is out of reach, if it is.
    pub(crate) fn outage(&self) -> Option<String> {
        match self {
            Self::Redis(store) => store.outage(),
            Self::Memory(_) | Self::Disabled(_) => None,
        }
    }

    /// Has `listener` told of what happens to the connections, where there are any: at once, by
    /// whoever saw it, so it must be quick.
    pub(crate) fn listen(&self, listener: impl Fn(Event) + Send + Sync + 'static) {
        if let Self::Redis(store) = self {
            store.listen(listener);
        }
    }

    /// Has values of up to so many bytes read, for a function that says so; where values are not
    /// fetched there is no need to say it.
    pub(crate) fn reads_up_to(&self, most: usize) {
        if let Self::Redis(store) = self {
            store.reads_up_to(most);
        }
    }

    /// Leaves `key` alone for a while, since its value is larger than who asks for it wants.
    pub(crate) fn leave_alone(&self, key: &Key) {
        if let Self::Redis(store) = self {
            store.leave_alone(key);
        }
    }

    /// What the commands of one call may take together, where `timeout` is what a server has for them. In
    /// this process they answer at once, and what a loaded machine takes in between is not theirs.
    pub(crate) fn budget(&self, timeout: Duration) -> Duration {
        match self {
            Self::Redis(_) => timeout,
            Self::Memory(_) | Self::Disabled(_) => Duration::MAX,
        }
    }

    /// What the breaker does, for those who look from outside.
    pub(crate) fn breaker_state(&self) -> BreakerState {
        match self {
            Self::Redis(store) => store.breaker_state(),
            Self::Memory(_) | Self::Disabled(_) => BreakerState::Closed,
        }
    }
}

impl Store for AnyStore {
    // Not an `async fn`, whose future holds its arguments twice; it is part of every hit's.
    #[allow(clippy::manual_async_fn)]
    fn read(&self, question: &Question<'_>) -> impl Future<Output = Result<Read, Error>> + Send {
        async move {
            static GET: Command = Command::new("get");
            static READ: Command = Command::new("read");
            let timer = if question.want.is_plain() { GET.begins() } else { READ.begins() };
            let answer = delegate!(self, store => store.read(question).await);
            timer.ends();
            answer
        }
    }

    async fn acquire(
        &self,
        key: &Key,
        claim: &Claim<'_>,
        within: Duration,
    ) -> Result<Acquired, Error> {
        delegate!("acquire": self, store => store.acquire(key, claim, within).await)
    }

    async fn seed(
        &self,
        tagging: &Tagging<'_>,
        mark: &Mark,
        within: Duration,
    ) -> Result<Option<Vec<TagToken>>, Error> {
        delegate!("seed": self, store => store.seed(tagging, mark, within).await)
    }

    async fn soften(&self, tags: &[Key], within: Duration) -> Result<u64, Error> {
        delegate!("soften": self, store => store.soften(tags, within).await)
    }

    async fn tokens(&self, tags: &[Key], within: Duration) -> Result<Tokens, Error> {
        delegate!("tokens": self, store => store.tokens(tags, within).await)
    }

    async fn tokens_beside(
        &self,
        tags: &[Key],
        to_keep: &mut Option<Box<ToKeep>>,
        within: Duration,
    ) -> Result<Tokens, Error> {
        delegate!("tokens": self, store => store.tokens_beside(tags, to_keep, within).await)
    }

    async fn settle(
        &self,
        key: &Key,
        token: &Token,
        act: Act<'_>,
        within: Duration,
    ) -> Result<bool, Error> {
        delegate!("settle": self, store => store.settle(key, token, act, within).await)
    }

    async fn renew(
        &self,
        leases: &[(Key, Token)],
        life: Duration,
        within: Duration,
    ) -> Result<(), Error> {
        delegate!("renew": self, store => store.renew(leases, life, within).await)
    }

    async fn remove(&self, keys: &[Key], within: Duration) -> Result<u64, Error> {
        delegate!("remove": self, store => store.remove(keys, within).await)
    }

    async fn life(&self, key: &Key, within: Duration) -> Result<Life, Error> {
        delegate!(self, store => store.life(key, within).await)
    }

    async fn scan(
        &self,
        pattern: &str,
        from: Option<&Cursor>,
        within: Duration,
    ) -> Result<(Vec<String>, Option<Cursor>), Error> {
        delegate!(self, store => store.scan(pattern, from, within).await)
    }

    async fn ping(&self, within: Duration) -> Result<(), Error> {
        delegate!(self, store => store.ping(within).await)
    }

    async fn info(&self, within: Duration) -> Result<ServerInfo, Error> {
        delegate!(self, store => store.info(within).await)
    }

    fn reachability(&self) -> Reachability {
        delegate!(self, store => store.reachability())
    }

    fn reachability_of(&self, key: &Key) -> Reachability {
        delegate!(self, store => store.reachability_of(key))
    }
}
