//! Writers that store what they return under a cached function's key.
//!
//! A put is an invalidation that leaves the new value behind: once it has returned, nobody gets
//! what was computed before its body began. It takes the key's lease from whoever has it before
//! the body begins, and stores only if nobody has taken it since: neither a later put nor an
//! invalidation is undone. Whatever else comes in between, it invalidates. `tests/tests/model/put.rs`
//! shows what each of these rules is for.

use crate::cache::Cache;
use crate::cache::context::{Context, Held, Keys, Mode, with_cache, within};
use crate::call::budget::Budget;
use crate::call::lease::Lease;
use crate::error::Error;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::plan::shape::{Returns, Shape};
use crate::write::entry::Entry;
use crate::write::seizure::{Encoded, fill, seize};
use crate::write::writers::{Pending, Targets};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A value that a cached function stores too, or that inside of an `Option`.
#[diagnostic::on_unimplemented(
    message = "this function's value is `{Self}`, and the cached function stores `{Reader}`",
    label = "it stores `{Reader}`, which is not what this function returns",
    note = "return the same type (of a `Result` the `Ok` value counts, and the errors may differ; \
            what is stored as an `Option<T>` may be returned as a `T`), or use `#[redis_invalidate]`"
)]
pub trait SameValue<Reader>: Sized {
    /// Has `look` see the value as the reader has it, and gives it back.
    fn shown<T>(self, look: impl FnOnce(&Reader) -> T) -> (Self, T);
}

impl<V> SameValue<V> for V {
    fn shown<T>(self, look: impl FnOnce(&V) -> T) -> (V, T) {
        let seen = look(&self);
        (self, seen)
    }
}

#[diagnostic::do_not_recommend] // the note says it
impl<V> SameValue<Option<V>> for V {
    fn shown<T>(self, look: impl FnOnce(&Option<V>) -> T) -> (V, T) {
        let some = Some(self);
        let seen = look(&some);
        let Some(value) = some else { unreachable!("it has been put in above") };
        (value, seen)
    }
}

/// The entry, made while the arguments are still there, with `cache` in the place of the scope's.
pub fn named<E>(cache: Option<Cache>, entry: impl FnOnce() -> E) -> E {
    with_cache(cache, entry)
}

impl<R> Entry<R> {
    /// What the cached function returns. A method, and of this name, since of what is no entry
    /// the error is that there is none, and there is no other.
    #[doc(hidden)]
    #[must_use]
    pub fn __cached_function(&self) -> Returns<R> {
        Returns::new()
    }
}

/// Where the value of a writer that returns `W` goes to.
#[derive(Debug)]
pub struct Target<R: 'static, W> {
    entry: Entry<R>,
    encode: fn(&Entry<R>, W) -> (W, Option<Encoded>),
}

/// The only place that compares the two types: in the type of the writer's future it would be an
/// error again for each use of that.
pub fn target<R, W>(entry: Entry<R::Output>, _reader: R, _writer: W) -> Target<R::Output, W::Output>
where
    R: Shape<Stored: 'static>,
    W: Shape<Stored: SameValue<R::Stored>>,
{
    let encode = |entry: &Entry<R::Output>, output| match W::split(output) {
        Ok(stored) => {
            let (stored, encoded) = stored.shown(|value: &R::Stored| entry.encode(value));
            (W::join(stored), encoded)
        }
        Err(failed) => (failed, None),
    };
    Target { entry, encode }
}

/// Runs a writer's `body` under the lease of its target and stores what it returned, or
/// invalidates.
///
/// The output waits until that is done, so the future is `Send` only where the output is.
// Not an `async fn`, whose future holds its arguments twice: as given, and as bound by its body.
#[allow(clippy::manual_async_fn)]
pub fn putting<R, B: Future>(
    target: Target<R, B::Output>,
    body: Pin<&mut B>,
) -> impl Future<Output = B::Output> {
    let Target { entry, encode } = target;
    async move {
        let mut targets = Targets::default();
        targets.entry(&entry);
        let tags = (entry.tags().clone(), entry.likely_life());
        let mut put = Put::new(entry.cache().clone(), entry.cached_key(), tags, targets);
        put.seize().await;
        let output = within(|context| put.hold(context), body).await;
        let (output, encoded) = encode(&entry, output);
        put.end(encoded).await;
        output
    }
}

/// A put on its way, without the types of the functions.
struct Put {
    cache: Cache,
    /// `None` where calls of the cached function are not cached.
    key: Option<Key>,
    /// Of what is stored, and for how long it is likely to be.
    tags: (Tags, Duration),
    /// What is invalidated unless the value is stored.
    pending: Pending,
    budget: Budget,
    lease: Result<Option<Lease>, Error>,
}

impl Put {
    fn new(cache: Cache, key: Option<Key>, tags: (Tags, Duration), targets: Targets) -> Self {
        let budget = Budget::new(cache.budget());
        Self { cache, key, tags, pending: Pending::new(targets), budget, lease: Ok(None) }
    }

    /// Takes the lease, where the value is to be stored.
    // Boxed: it is not to be part of the future of every writer.
    fn seize(&mut self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let context = Context::current();
            // What is not committed yet is not to be seen by others.
            let unseen = context.deferred.is_some() || context.mode == Mode::Bypass;
            if let Some(key) = self.key.as_ref().filter(|_| !unseen) {
                self.lease = seize(&self.cache, key, self.tags.clone(), &mut self.budget).await;
            }
        })
    }

    /// Has the cached calls inside of the body know that the lease of their key is not to be had.
    fn hold(&self, context: &mut Context) {
        if let (Ok(Some(_)), Some(key)) = (&self.lease, &self.key) {
            let outer = context.held.take();
            let (cache, keys) = (self.cache.clone(), Keys::One(key.clone()));
            let held = Held { cache, keys, outer };
            context.held = Some(Arc::new(held));
        }
    }

    /// Stores the value if nobody has taken the lease, and else invalidates.
    // Boxed: as above.
    fn end(&mut self, encoded: Option<Encoded>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let Self { cache, key, pending, budget, lease, .. } = self;
            let filled = match (std::mem::replace(lease, Ok(None)), encoded, key) {
                (Err(error), ..) => Err(error),
                (Ok(Some(lease)), Some(encoded), Some(key)) => {
                    fill(cache, key, lease, encoded, budget).await
                }
                (Ok(_), ..) => Ok(false),
            };
            if filled == Ok(true) {
                return pending.done();
            }
            let failure = filled.err().unwrap_or(Error::Timeout);
            pending.invalidate(|_| budget.left().ok_or_else(|| failure.clone())).await;
        })
    }
}
