//! What surrounds a call: which cache, whether to use it, and who watches. Task-local, so it
//! follows the task across awaits and ends where a new task is spawned.

use super::deferred::Deferred;
use crate::cache::{Cache, Handle};
use crate::figures::counters::{Counts, Observer};
use crate::key::whole::Key;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

tokio::task_local! {
    static CONTEXT: Context;
}

thread_local! {
    /// What the call computes whose body is being polled. Beside the context, since a scope around
    /// each body would be a part of its future, and of each level of a recursive function.
    static INSIDE: RefCell<Option<Arc<Held>>> = const { RefCell::new(None) };
    /// Whether there is any: a look at that costs more, since it has to be dropped with its thread.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
    /// Whether there is a context, for the same reason.
    static IS_SCOPED: Cell<bool> = const { Cell::new(false) };
}

/// What the calls inside a future are told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    pub(crate) cache: Option<Cache>,
    pub(crate) mode: Mode,
    pub(crate) observer: Option<Arc<Observer>>,
    pub(crate) deferred: Option<Arc<Deferred>>,
    pub(crate) held: Option<Arc<Held>>,
}

impl Context {
    /// Whether a call or a put around the call computes the key whose text this is: it would wait in vain for that.
    #[inline]
    pub(crate) fn computes(&self, cache: &Cache, key: &str) -> bool {
        let covers = |held: &Held| held.covers(cache, key);
        self.held.as_deref().is_some_and(covers) || IS_INSIDE.get() && Inside::is(covers)
    }
}

/// What a call or a put around the call computes.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) cache: Cache,
    pub(crate) keys: Keys,
    /// What is computed around that.
    pub(crate) outer: Option<Arc<Held>>,
}

/// The keys that one body computes.
#[derive(Debug)]
pub(crate) enum Keys {
    One(Key),
    Several(HashSet<Key>),
}

/// How calls use their cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Look, then compute.
    #[default]
    Normal,
    /// Compute, store nothing.
    Bypass,
    /// Compute and store.
    Refresh,
}

impl Context {
    /// The context of the running task.
    pub(crate) fn current() -> Self {
        if !IS_SCOPED.get() {
            return Self::default();
        }
        CONTEXT.try_with(Clone::clone).unwrap_or_default()
    }

    /// Whether the running task has any, or a call is computed around this one.
    #[inline]
    pub(crate) fn is_any() -> bool {
        IS_SCOPED.get() || IS_INSIDE.get()
    }

    /// Whether a call or a put is computed around this one.
    pub(crate) fn is_inside(&self) -> bool {
        self.held.is_some() || IS_INSIDE.get()
    }
}

impl Held {
    fn covers(&self, cache: &Cache, key: &str) -> bool {
        let has = match &self.keys {
            Keys::One(own) => own.whole() == key,
            Keys::Several(own) => own.contains(key),
        };
        (has && self.cache.is(cache))
            || self.outer.as_ref().is_some_and(|outer| outer.covers(cache, key))
    }
}

/// Runs `f` with `cache`, if there is one, in the place of the scope's.
pub(crate) fn with_cache<T>(cache: Option<Cache>, f: impl FnOnce() -> T) -> T {
    match cache {
        None => f(),
        cache => CONTEXT.sync_scope(Context { cache, ..Context::current() }, || {
            let _scoped = IsScoped::enter();
            f()
        }),
    }
}

/// Code of a scope runs on this thread while this lives.
struct IsScoped(bool);

impl IsScoped {
    fn enter() -> Self {
        Self(IS_SCOPED.replace(true))
    }
}

impl Drop for IsScoped {
    fn drop(&mut self) {
        IS_SCOPED.set(self.0);
    }
}

/// What runs in a scope, in the order of tokio's: it is dropped in there too.
struct Scoped<F>(Option<F>);

impl<F: Future + Unpin> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<F::Output> {
        let Some(future) = &mut self.0 else { return Poll::Pending };
        let _scoped = IsScoped::enter();
        Pin::new(future).poll(context)
    }
}

impl<F> Drop for Scoped<F> {
    fn drop(&mut self) {
        let _scoped = IsScoped::enter();
        drop(self.0.take());
    }
}

fn scope<F: Future + Unpin>(context: Context, future: F) -> impl Future<Output = F::Output> {
    CONTEXT.scope(context, Scoped(Some(future)))
}

/// The body of a call is being polled on this thread while this lives.
#[derive(Debug)]
#[must_use]
pub(crate) struct Inside(Option<Arc<Held>>);

impl Inside {
    /// Of the call that computes what is `held`; without it, of whatever was polled before.
    pub(crate) fn enter(held: Option<&Arc<Held>>) -> Self {
        let before = Self::current();
        replace(held.cloned().or_else(|| before.clone()));
        Self(before)
    }

    /// What the innermost call computes whose body is being polled.
    pub(crate) fn current() -> Option<Arc<Held>> {
        INSIDE.try_with(|inside| inside.borrow().clone()).unwrap_or_default()
    }

    /// Whether there is one, of which this `holds`. Without a count: every call asks.
    fn is(holds: impl Fn(&Held) -> bool) -> bool {
        let is =
            |inside: &RefCell<Option<Arc<Held>>>| inside.borrow().as_deref().is_some_and(&holds);
        INSIDE.try_with(is).unwrap_or_default()
    }
}

fn replace(inside: Option<Arc<Held>>) {
    IS_INSIDE.set(inside.is_some());
    // A thread that ends has none any more: then calls are told nothing.
    let _ = INSIDE.try_with(|current| current.replace(inside));
}

impl Drop for Inside {
    fn drop(&mut self) {
        replace(self.0.take());
    }
}

/// Runs a refresh in a task of its own with the cache that its caller uses; whoever watched the
/// caller does not watch this.
pub(crate) fn behind<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let cache = Context::current().cache;
    scope(Context { cache, ..Context::default() }, Box::pin(future))
}

/// In a box: an `async fn` has room for its arguments twice, so that three of these around one
/// another would make a future of 5 KiB one of several hundred.
pub(crate) fn within<F: Future>(
    change: impl FnOnce(&mut Context),
    future: F,
) -> impl Future<Output = F::Output> {
    let future = Box::pin(future);
    async move {
        let mut context = Context::current();
        change(&mut context);
        scope(context, future).await
    }
}

/// Runs `future` without the cache: every cached call inside runs its body, and stores nothing.
///
/// Tasks that `future` spawns are not inside.
///
/// ```
/// # use cache_runtime::{Cache, redis_cache};
/// #[redis_cache(ttl = 60, key = "now:{id}")]
/// async fn now(id: u64) -> u64 { id }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let fresh = cache_runtime::bypass(now(7)).await;
/// # assert_eq!(fresh, 7); }
/// ```
pub fn bypass<F: Future>(future: F) -> impl Future<Output = F::Output> {
    within(|context| context.mode = Mode::Bypass, future)
}

/// Runs `future`; every cached call inside runs its body and stores the result over the old value.
///
/// Tasks that `future` spawns are not inside.
///
/// ```
/// # use cache_runtime::{Cache, redis_cache};
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
///
/// #[redis_cache(ttl = 60, key = "count")]
/// async fn count(bodies: &AtomicU64) -> u64 { bodies.fetch_add(1, Relaxed) }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # Cache::in_memory().scope(async {
/// let bodies = AtomicU64::new(0);
/// assert_eq!(count(&bodies).await, 0);
/// assert_eq!(cache_runtime::refresh(count(&bodies)).await, 1);
/// assert_eq!(count(&bodies).await, 1);
/// # }).await }
/// ```
pub fn refresh<F: Future>(future: F) -> impl Future<Output = F::Output> {
    within(|context| context.mode = Mode::Refresh, future)
}

/// Runs `future` and counts how the cached calls inside were answered: hits, misses, stale values.
///
/// Tasks that `future` spawns are not inside.
///
/// ```
/// # use cache_runtime::{Cache, redis_cache};
/// #[redis_cache(ttl = 60, key = "twice:{n}")]
/// async fn twice(n: u64) -> u64 { n * 2 }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
/// let cache = Cache::builder().url("memory://").prefix("doc").build()?;
/// let (value, observed) = cache_runtime::observe(cache.scope(async {
///     twice(4).await + twice(4).await
/// }))
/// .await;
/// assert_eq!((value, observed.misses, observed.hits), (16, 1, 1));
/// # Ok(()) }
/// ```
pub fn observe<F: Future>(future: F) -> impl Future<Output = (F::Output, Observed)> {
    let watched = watch(None, Box::pin(future));
    async move {
        let (output, observer) = watched.await;
        (output, observer.counters.read())
    }
}

/// [`observe`], with `cache` in the place of the scope's if there is one, for who wants to know
/// more than the counts. What is large is to be in a box, as for [`within`].
pub(crate) async fn watch<F: Future + Unpin>(
    cache: Option<Cache>,
    future: F,
) -> (F::Output, Arc<Observer>) {
    let mut context = Context::current();
    let observer = Arc::new(Observer::inside(context.observer));
    context.observer = Some(observer.clone());
    context.cache = cache.or(context.cache);
    (scope(context, future).await, observer)
}

/// How the cached calls inside an [`observe`] were answered.
pub type Observed = Counts;

impl Cache {
    /// Runs `future` with this cache instead of the process-wide one, for every cached call
    /// inside that has no `cache = ...` of its own. This is how tests isolate themselves.
    ///
    /// Tasks that `future` spawns are not inside: [`current`](Self::current) takes the scope along.
    ///
    /// ```
    /// # use cache_runtime::{Cache, redis_cache};
    /// #[redis_cache(ttl = 60, key = "half:{n}")]
    /// async fn half(n: u64) -> u64 { n / 2 }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// let cache = Cache::builder().url("memory://").prefix("test").build()?;
    /// assert_eq!(cache.scope(half(8)).await, 4);
    /// assert_eq!(cache.count_keys().await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let cache = self.clone();
        within(|context| context.cache = Some(cache), future)
    }

    /// The cache that a cached call at this place uses, unless its function has a `cache = ...` of
    /// its own: that of the [`scope`](Self::scope) around it, else the process-wide one.
    ///
    /// There always is one. Where none has been installed the environment decides, as at the first
    /// cached call (see [`global`](Self::global)); where that names no store, it is a cache that is
    /// switched off. Inside the body of a function with a `cache = ...` it is still the scope's.
    ///
    /// A task that is spawned is outside of the scope. It takes the cache along:
    ///
    /// ```
    /// # use cache_runtime::{Cache, redis_cache};
    /// #[redis_cache(ttl = 60, key = "third:{n}")]
    /// async fn third(n: u64) -> u64 { n / 3 }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let cache = Cache::in_memory();
    /// cache
    ///     .scope(async {
    ///         let current = Cache::current();
    ///         tokio::spawn(async move { current.scope(third(9)).await }).await
    ///     })
    ///     .await?;
    /// assert_eq!(cache.count_keys().await?, 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn current() -> Self {
        Handle::choose(None, Context::current().cache).into_cache()
    }
}
