//! One key of one function: what a companion returns.

use crate::cache::Cache;
use crate::call::EntryCall;
use crate::call::lease::LIFE;
use crate::codec::envelope::{self, Envelope};
use crate::error::Error;
use crate::function::Function;
use crate::key::whole::Key;
use crate::plan::Plan;
use crate::plan::shape::Shape;
use crate::plan::windows::{State, Windows};
use crate::store::{Act, Ask, Life, Store, Token, Want};
use std::any::Any;
use std::fmt;
use std::time::Duration;

/// The entry of a cached function for given arguments, which the function's companion returns:
/// beside `get_user` the macro makes `get_user_entry`, with the arguments that the key uses.
///
/// `R` is the function's return type as written. The caller asks the store for something here,
/// so these methods can fail.
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
    plan: Box<dyn ErasedPlan<R>>,
}

/// Makes an entry.
pub fn entry<S>(call: EntryCall, plan: Plan<S>) -> Entry<S::Output>
where
    S: Shape<Output: 'static, Stored: 'static> + 'static,
{
    let EntryCall { function, cache, key } = call;
    Entry { cache, key, plan: Box::new(FunctionPlan { function, plan }) }
}

/// What is stored, and for how long.
pub(crate) type Encoded = (Vec<u8>, Duration);

/// A plan without the types that only matter inside.
trait ErasedPlan<R>: Send + Sync {
    fn decode(&self, bytes: &[u8]) -> Result<Option<R>, Error>;
    fn windows(&self) -> Windows;
    /// The bytes to store and for how long, if the value is one that is stored.
    fn encode(
        &self,
        cache: &Cache,
        key: &Key,
        output: &R,
        ttl: Option<Duration>,
    ) -> Result<Option<Encoded>, Error>;
    /// The same of what is stored of an output. Of another type it is none that is stored: in a
    /// generic function that returns `T`, a `Result` is stored as a whole.
    fn encode_stored(
        &self,
        cache: &Cache,
        key: &Key,
        stored: &dyn Any,
    ) -> Result<Option<Encoded>, Error>;
    fn function(&self) -> &'static Function;
}

struct FunctionPlan<S: Shape> {
    function: &'static Function,
    plan: Plan<S>,
}

impl<S: Shape<Stored: 'static>> ErasedPlan<S::Output> for FunctionPlan<S> {
    fn decode(&self, bytes: &[u8]) -> Result<Option<S::Output>, Error> {
        Ok(self.plan.decode(bytes)?.map(S::join))
    }

    fn windows(&self) -> Windows {
        self.plan.windows()
    }

    fn encode(
        &self,
        cache: &Cache,
        key: &Key,
        output: &S::Output,
        ttl: Option<Duration>,
    ) -> Result<Option<Encoded>, Error> {
        match S::stored(output) {
            Some(stored) => self.encode_for(cache, key, stored, ttl),
            None => Ok(None),
        }
    }

    fn encode_stored(
        &self,
        cache: &Cache,
        key: &Key,
        stored: &dyn Any,
    ) -> Result<Option<Encoded>, Error> {
        match stored.downcast_ref() {
            Some(stored) => self.encode_for(cache, key, stored, None),
            None => Ok(None),
        }
    }

    fn function(&self) -> &'static Function {
        self.function
    }
}

impl<S: Shape> FunctionPlan<S> {
    fn encode_for(
        &self,
        cache: &Cache,
        key: &Key,
        stored: &S::Stored,
        ttl: Option<Duration>,
    ) -> Result<Option<Encoded>, Error> {
        let life = match ttl {
            Some(ttl) if ttl.is_zero() => None,
            Some(ttl) => Some(ttl.saturating_add(self.plan.windows().longest())),
            None => self.plan.life(stored, cache.settings(), || cache.clock().random())?,
        };
        // What Redis does not count as a life is not stored.
        let Some(life) = life.filter(|life| life.as_millis() > 0) else { return Ok(None) };
        let mut bytes = self.plan.encode(stored, self.function.expected_size())?;
        if !self.plan.fits(&bytes) {
            return Ok(None);
        }
        envelope::seal(key, Envelope::default(), &mut bytes)?;
        Ok(Some((bytes, life)))
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

    pub(crate) fn whole(&self) -> Result<&Key, Error> {
        self.key.as_ref().map_err(Clone::clone)
    }

    /// The stored value, if there is one that a call would be answered with at once: fresh, or
    /// within `stale_while_revalidate`. Computes and refreshes nothing. Answers
    /// `None` while an invalidation by a writer of this process waits to reach the store.
    ///
    /// # Errors
    /// Why the store could not be asked; [`Error::Codec`] when what it holds is not a value of
    /// this function.
    pub async fn get(&self) -> Result<Option<R>, Error> {
        let (key, windows) = (self.whole()?, self.plan.windows());
        if !self.cache.trusts(key) {
            return Ok(None);
        }
        let want = if windows.is_none() { Want::Value } else { Want::Life };
        let asked = self.cache.clock().now();
        let read = self.cache.store().read(key, want, self.timeout()).await?;
        let late = self.cache.clock().now().saturating_sub(asked);
        let served = |left: Duration| {
            let state = windows.state(left.saturating_sub(late));
            matches!(state, State::Fresh | State::Stale { at_once: true, .. })
        };
        match read.found.filter(|found| found.left.is_none_or(served)) {
            Some(found) => self.plan.decode(&envelope::open(key, found.bytes)?.value),
            None => Ok(None),
        }
    }

    /// Stores `value` as if the function had returned it, for the life that its options say.
    /// Says whether it was stored: not so an `Err`, nor what the function's options exclude, nor
    /// where an invalidation came in between.
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
        let Some((bytes, life)) = self.plan.encode(&self.cache, key, value, ttl)? else {
            return Ok(false);
        };
        self.cache.flights().detach(key);
        // Under a lease, so that a write that arrives late does not undo a newer invalidation.
        let (token, store) = (Token::random(), self.cache.store());
        store.acquire(key, Ask::Force, &token, LIFE, self.timeout()).await?;
        let filled = store.settle(key, &token, Act::Fill(&bytes, life), self.timeout()).await?;
        Ok(filled && !self.cache.is_disabled())
    }

    /// How long the stored value has left until it is stale; `None` when there is none, zero when
    /// it is stale already.
    /// [`Duration::MAX`] stands for one that never expires, which only somebody else can have
    /// written.
    ///
    /// # Errors
    /// Why the store could not be asked.
    pub async fn ttl(&self) -> Result<Option<Duration>, Error> {
        Ok(match self.cache.store().life(self.whole()?, self.timeout()).await? {
            Life::Absent => None,
            Life::Unlimited => Some(Duration::MAX),
            Life::Remaining(left) => Some(left.saturating_sub(self.plan.windows().longest())),
        })
    }

    /// Removes the stored value. Says whether there was one.
    ///
    /// # Errors
    /// Why the store could not be asked. Then the value may still be there.
    pub async fn invalidate(&self) -> Result<bool, Error> {
        self.cache.invalidate_key(self.whole()?).await
    }

    /// What a writer is to store for `value`; `None` where nothing is. What
    /// should have been stored and cannot be is counted, and said once.
    pub(crate) fn encode(&self, value: &dyn Any) -> Option<Encoded> {
        let key = self.whole().ok()?;
        match self.plan.encode_stored(&self.cache, key, value) {
            Ok(encoded) => encoded,
            Err(error) => {
                self.plan.function().warn_of_codec(key.whole(), &error);
                self.cache.counters().count_error();
                None
            }
        }
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
