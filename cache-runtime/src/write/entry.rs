//! One key of one function: what a companion returns.

use crate::cache::Cache;
use crate::call::budget::Budget;
use crate::call::companion::EntryCall;
use crate::call::tags::{tags_of_value, with_own_tokens};
use crate::codec::envelope::{self, Opened};
use crate::error::Error;
use crate::function::Function;
use crate::key::tagging::TagWriter;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::plan::errors::StoredError;
use crate::plan::rules::{Computed, Rules, Said, Storable};
use crate::plan::shape::{Shape, SharedError};
use crate::plan::standing::{Standing, standing};
use crate::plan::windows::State;
use crate::plan::{Hooks, Plan};
use crate::store::{Life, Question, Store, Want};
use crate::write::seizure::{Encoded, fill, seize};
use std::any::Any;
use std::fmt;
use std::time::Duration;

/// The entry of a cached function for given arguments, which the function's companion returns:
/// beside `get_user` the macro makes `get_user_entry`, with the arguments that the key uses.
///
/// `R` is the function's return type as written. These methods ask the store, so they can fail.
///
/// ```
/// # use cache_runtime::{Cache, redis_cache};
/// #[redis_cache(ttl = 60, key = "name:{id}")]
/// async fn name(id: u64) -> Result<String, std::num::ParseIntError> { Ok(format!("user {id}")) }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
/// let cache = Cache::builder().url("memory://").prefix("shop").build()?;
/// cache.scope(async {
///     let entry = name_entry(7);
///     assert_eq!(entry.key()?, "shop:name:7");
///     assert_eq!(entry.get().await?, None);
///     entry.put(&Ok("Ada".to_owned())).await?;
///     assert_eq!(name(7).await.unwrap(), "Ada");
///     assert!(entry.invalidate().await?);
///     # Ok(())
/// })
/// .await
/// # }
/// ```
pub struct Entry<R: 'static> {
    cache: Cache,
    key: Result<Key, Error>,
    refused: Option<Error>,
    function: &'static Function,
    tags: Tags,
    rules: Rules,
    hooks: Box<dyn AnyHooks<R>>,
}

/// Makes an entry.
pub fn entry<S>(call: EntryCall, plan: Plan<S>) -> Entry<S::Output>
where
    S: Shape<Output: 'static, Stored: 'static> + 'static,
{
    let EntryCall { function, cache, key, refused, tags } = call;
    Entry { cache, key, refused, function, tags, rules: plan.rules, hooks: Box::new(plan.hooks) }
}

/// What writes the tags that a value has of its own.
type WriteTags<'w> = Option<&'w dyn Fn(&mut TagWriter<'_>)>;

/// Is told of a value, what the options say of it, and its tags.
type Tell<'t> = &'t mut dyn FnMut(Said, &dyn Storable, WriteTags<'_>);

/// Hooks without the types that only matter inside.
trait AnyHooks<R>: Send + Sync {
    fn decode(&self, value: &[u8], rules: &Rules) -> Result<Option<R>, Error>;
    /// The output that a stored error is, for a function that stores its own.
    fn of_error(&self, error: &[u8]) -> Option<R>;
    /// Tells of the value in an output, if there is one.
    fn of_output(&self, output: &R, tell: Tell<'_>);
    /// The same of what is stored of an output. Of another type it is none that is stored: in a
    /// generic function that returns `T`, a `Result` is stored as a whole.
    fn of_stored(&self, stored: &dyn Any, tell: Tell<'_>);
}

impl<S: Shape<Stored: 'static>> AnyHooks<S::Output> for Hooks<S> {
    fn decode(&self, value: &[u8], rules: &Rules) -> Result<Option<S::Output>, Error> {
        let stored = (self.decode)(value)?;
        Ok(Self::knows(rules, &stored).then(|| S::join(stored)))
    }

    fn of_error(&self, error: &[u8]) -> Option<S::Output> {
        let error: SharedError = Box::new(StoredError(error.to_vec()));
        (self.errors.unpack)(&error)
    }

    fn of_output(&self, output: &S::Output, tell: Tell<'_>) {
        if let Some(stored) = S::stored(output) {
            self.tell(&stored, tell);
        }
    }

    fn of_stored(&self, stored: &dyn Any, tell: Tell<'_>) {
        if let Some(stored) = stored.downcast_ref() {
            self.tell(stored, tell);
        }
    }
}

impl<S: Shape> Hooks<S> {
    fn tell(&self, stored: &S::Stored, tell: Tell<'_>) {
        let (said, storable) = (self.said(stored), self.storable(stored));
        let write = |tags: &mut TagWriter<'_>| self.write_own_tags(stored, tags);
        tell(said, &storable, if self.have_own_tags() { Some(&write) } else { None });
    }
}

impl<R: 'static> Entry<R> {
    /// The key in Redis, with the cache's prefix.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the function's calls are not cached, with the reason.
    pub fn key(&self) -> Result<&str, Error> {
        self.whole().map(Key::whole)
    }

    /// The stored value, if there is one that a call would be answered with at once: fresh, or
    /// within `stale_while_revalidate`. Computes and refreshes nothing. Answers
    /// `None` while an invalidation by a writer of this process waits to reach the store.
    ///
    /// # Errors
    /// Why the store could not be asked; [`Error::Codec`] when what it holds is not a value of
    /// this function.
    pub async fn get(&self) -> Result<Option<R>, Error> {
        let key = self.whole()?;
        let trusts = |key| self.cache.trusts(key);
        if !trusts(key) || !self.tags.iter().all(trusts) {
            return Ok(None);
        }
        let (clock, windows) = (self.cache.clock(), self.rules.windows);
        let life = !windows.is_none();
        if let Some(most) = self.rules.max_size {
            self.cache.store().reads_up_to(most);
        }
        let asked = clock.now();
        let Some((opened, left, made_stale)) = self.found(life).await? else { return Ok(None) };
        let state = left.map_or(State::Fresh, |left| {
            windows.state(left.saturating_sub(clock.now().saturating_sub(asked)))
        });
        let state = if made_stale && state == State::Fresh { windows.made_stale() } else { state };
        match state {
            State::Fresh if opened.envelope.is_error => Ok(self.hooks.of_error(&opened.value)),
            _ if opened.envelope.is_error => Ok(None),
            State::Fresh | State::Stale { at_once: true, .. } => {
                self.rules.takes(opened.value.len())?;
                self.hooks.decode(&opened.value, &self.rules)
            }
            State::Stale { .. } | State::Expired => Ok(None),
        }
    }

    /// What is stored and counts by its tags, with what is left of its life where `life` is wanted,
    /// and whether a tag has made it stale before.
    async fn found(&self, life: bool) -> Result<Option<(Opened, Option<Duration>, bool)>, Error> {
        let (key, store, within) = (self.whole()?, self.cache.store(), self.timeout());
        let want = Want { life, tags: &self.tags, ..Want::PLAIN };
        let read = store.read(&Question { key, want, within }).await?;
        let Some(mut found) = read.found else { return Ok(None) };
        if self.tags.has_own() {
            let (cache, tags) = (&self.cache, &self.tags);
            with_own_tokens(cache, tags, &mut found, &mut None, within).await?;
        }
        let opened = envelope::open(key, found.bytes)?;
        Ok(match standing(&opened, &self.tags, &found.tokens) {
            Standing::Gone => None,
            standing => Some((opened, found.left, standing == Standing::Stale)),
        })
    }

    /// Stores `value` as if the function had returned it, for the life that its options say.
    /// Says whether it was stored: not so an `Err`, nor what the function's options exclude (then the
    /// value that is there is removed), nor where an invalidation came in between.
    ///
    /// The last to arrive wins: a call that is computing now returns its result and does not store
    /// it over this one.
    ///
    /// # Errors
    /// Why it could not be stored; [`Error::Invalid`] when the function's `ttl` depends on
    /// arguments that this entry does not know ([`put_for`](Self::put_for) does without).
    pub async fn put(&self, value: &R) -> Result<bool, Error> {
        self.store(value, None).await
    }

    /// [`put`](Self::put) with a time to live of its own.
    ///
    /// # Errors
    /// Why it could not be stored.
    pub async fn put_for(&self, value: &R, ttl: Duration) -> Result<bool, Error> {
        self.store(value, Some(ttl)).await
    }

    async fn store(&self, value: &R, ttl: Option<Duration>) -> Result<bool, Error> {
        let key = self.whole()?;
        let (mut encoded, mut is_value) = (Ok(None), false);
        self.hooks.of_output(value, &mut |said, value, tags| {
            is_value = true;
            encoded = self.encoded(said, ttl, value, tags);
        });
        let Some(encoded) = encoded? else {
            // What is there is older than this.
            if is_value {
                self.cache.invalidate_key(key).await?;
            }
            return Ok(false);
        };
        let mut budget = Budget::new(self.cache.budget());
        // Under a lease, so that a write that arrives late does not undo a newer invalidation.
        match seize(&self.cache, key, (self.tags.clone(), encoded.life), &mut budget).await? {
            Some(lease) => fill(&self.cache, key, lease, encoded, &mut budget).await,
            None => Ok(false),
        }
    }

    /// What is to be stored of a value, if it is one that is stored.
    fn encoded(
        &self,
        said: Said,
        ttl: Option<Duration>,
        value: &dyn Storable,
        tags: WriteTags<'_>,
    ) -> Result<Option<Encoded>, Error> {
        self.whole()?;
        let own_tags = match tags {
            Some(write) => tags_of_value(&self.cache, &self.tags, write)?,
            None => Tags::default(),
        };
        let computed = Computed { said, ttl, load: None, wanted: false };
        let room = self.function.expected_size();
        let storing = self.rules.storing(computed, self.cache.settings(), room, value)?;
        // What Redis does not count as a life is not stored.
        let life = storing.life.filter(|life| life.as_millis() > 0);
        let stored = storing.bytes.zip(life);
        Ok(stored.map(|(bytes, life)| Encoded { bytes, life, own_tags }))
    }

    /// How long the stored value has left until it is stale; `None` when there is none, zero when
    /// it is stale already.
    /// [`Duration::MAX`] stands for one that never expires, which only somebody else can have
    /// written.
    ///
    /// # Errors
    /// Why the store could not be asked.
    pub async fn ttl(&self) -> Result<Option<Duration>, Error> {
        if !self.tags.is_none() {
            match self.found(false).await? {
                None => return Ok(None),
                Some((.., true)) => return Ok(Some(Duration::ZERO)),
                Some((.., false)) => {}
            }
        }
        Ok(match self.cache.store().life(self.whole()?, self.timeout()).await? {
            Life::Absent => None,
            Life::Unlimited => Some(Duration::MAX),
            Life::Remaining(left) => Some(left.saturating_sub(self.rules.windows.longest())),
        })
    }

    /// Removes the stored value, also where that is one of another function with the same keys and the calls
    /// of this one are not cached. Says whether there was one.
    ///
    /// # Errors
    /// Why the store could not be asked; then the value may still be there. [`Error::Invalid`] where
    /// these arguments have no key.
    pub async fn invalidate(&self) -> Result<bool, Error> {
        self.cache.invalidate_key(self.named()?).await
    }

    /// What a writer is to store for `value`; `None` where nothing is. What
    /// should have been stored and cannot be is counted, and said once.
    pub(crate) fn encode(&self, value: &dyn Any) -> Option<Encoded> {
        let mut encoded = Ok(None);
        self.hooks.of_stored(value, &mut |said, value, tags| {
            encoded = self.encoded(said, None, value, tags);
        });
        match encoded {
            Ok(encoded) => encoded,
            Err(error) => {
                let key = self.key.as_ref().map(Key::whole).unwrap_or_default();
                self.function.warn_of_value(key, &error);
                self.cache.counters().others().count_error();
                None
            }
        }
    }

    /// The key, where calls of the function are cached.
    fn whole(&self) -> Result<&Key, Error> {
        self.refused.clone().map_or_else(|| self.named(), Err)
    }

    /// The key, whether calls of the function are cached or not.
    pub(crate) fn named(&self) -> Result<&Key, Error> {
        self.key.as_ref().map_err(Clone::clone)
    }

    /// As [`whole`](Self::whole).
    pub(crate) fn cached_key(&self) -> Option<Key> {
        self.whole().ok().cloned()
    }

    pub(crate) fn tags(&self) -> &Tags {
        &self.tags
    }

    /// How long a value is stored, so far as that is known before there is one.
    pub(crate) fn likely_life(&self) -> Duration {
        let life = self.rules.likely_life(self.cache.settings());
        life.max(self.function.longest_life())
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    fn timeout(&self) -> Duration {
        self.cache.settings().timeout
    }
}

impl<R: 'static> fmt::Debug for Entry<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("key", &self.key).finish_non_exhaustive()
    }
}
