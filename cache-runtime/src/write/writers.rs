//! Functions that change what others have cached.

use crate::cache::context::{Context, with_cache};
use crate::cache::deferred::Group;
use crate::cache::{Cache, Handle};
use crate::call::companion::OpenCalls;
use crate::error::Error;
use crate::key::KeyWriter;
use crate::key::whole::Key;
use crate::plan::shape::Shape;
use crate::write::entry::Entry;
use std::pin::Pin;
use std::time::Duration;

/// What a writer's end invalidates, by cache.
#[derive(Debug, Default)]
pub struct Targets(pub(crate) Vec<Group>);

/// Takes the keys of what is named, while the arguments are still there.
pub fn targets(explicit: Option<Cache>, name: impl FnOnce(&mut Targets)) -> Targets {
    let mut targets = Targets::default();
    with_cache(explicit, || name(&mut targets));
    targets
}

impl Targets {
    /// The entry of a cached function.
    pub fn entry<R>(&mut self, entry: &Entry<R>) {
        match entry.named() {
            Ok(key) => self.to(entry.cache(), |group| group.keys.push(key.clone())),
            // No call has such a key, which was said at the first that would.
            Err(error) => tracing::debug!(
                target: "cache_runtime",
                %error,
                "there is nothing to invalidate"
            ),
        }
    }

    /// The entries of a cached function that calls have of which some arguments are left open.
    pub fn calls(&mut self, calls: &OpenCalls) {
        match &calls.keys {
            Ok(keys) => self.to(&calls.cache, |group| group.sets.push(keys.clone())),
            Err(error) => tracing::debug!(
                target: "cache_runtime",
                %error,
                "there is nothing to invalidate"
            ),
        }
    }

    /// What `name` names is of this cache.
    pub fn of(&mut self, cache: Option<Cache>, name: impl FnOnce(&mut Self)) {
        with_cache(cache, || name(self));
    }

    /// A key without the prefix: every entry that can have it.
    pub fn key(&mut self, render: impl FnOnce(&mut KeyWriter<'_>)) {
        let cache = Handle::choose(None, Context::current().cache);
        for key in cache.keys_named(render) {
            self.to(&cache, |group| group.keys.push(key));
        }
    }

    /// A tag: every entry that has it.
    pub fn tag(&mut self, render: impl Fn(&mut KeyWriter<'_>)) {
        self.add_tag(&render, |group| &mut group.keys);
    }

    /// A tag: every entry that has it becomes stale.
    pub fn soft_tag(&mut self, render: impl Fn(&mut KeyWriter<'_>)) {
        self.add_tag(&render, |group| &mut group.soft);
    }

    fn add_tag(
        &mut self,
        render: &dyn Fn(&mut KeyWriter<'_>),
        to: fn(&mut Group) -> &mut Vec<Key>,
    ) {
        let cache = Handle::choose(None, Context::current().cache);
        let mut tags = cache.settings().tags();
        tags.tag(render);
        // What cannot be told apart from another tag no entry has.
        let tags = tags.finish().unwrap_or_default();
        self.to(&cache, |group| to(group).extend(tags.iter().cloned()));
    }

    /// Adds to what is named of one cache.
    fn to(&mut self, cache: &Cache, add: impl FnOnce(&mut Group)) {
        if cache.is_disabled() {
            return;
        }
        match self.0.iter_mut().find(|group| group.cache.is(cache)) {
            Some(group) => add(group),
            None => {
                let mut group = Group::of(cache.clone());
                add(&mut group);
                self.0.push(group);
            }
        }
    }

    async fn invalidate(&self, within: impl Fn(&Cache) -> Result<Duration, Error>) {
        for Group { cache, keys, sets, soft, everything } in &self.0 {
            if *everything {
                cache.queue_everything();
                continue;
            }
            if !keys.is_empty() {
                cache.invalidate_written(keys, within(cache)).await;
            }
            for set in sets {
                cache.invalidate_written_set(set, within(cache).map(drop)).await;
            }
            if !soft.is_empty() {
                cache.soften_written(soft, within(cache)).await;
            }
        }
    }

    /// Invalidates without anybody waiting for it. What is to become stale goes for good: it is not
    /// worth another kind of entry in the journal.
    fn invalidate_behind(self) {
        for Group { cache, keys, sets, soft, everything } in self.0 {
            let keys = [keys, soft].concat();
            if everything {
                cache.queue_everything();
                continue;
            }
            if !keys.is_empty() {
                cache.queue(&keys, None);
            }
            for set in &sets {
                cache.queue_set(set, None);
            }
        }
    }
}

/// Runs a writer's `body`, and invalidates `targets` however it ends.
///
/// The output waits until that is done, so the future is `Send` only where the output is.
// Not an `async fn`, whose future holds its arguments twice: as given, and as bound by its body.
#[allow(clippy::manual_async_fn)]
pub fn invalidating<B: Future>(
    targets: Targets,
    body: Pin<&mut B>,
) -> impl Future<Output = B::Output> {
    async move {
        let mut pending = Pending::new(targets);
        let output = body.await;
        // Boxed: it is not to be part of the future of every writer.
        Box::pin(pending.invalidate(timeout)).await;
        output
    }
}

/// [`invalidating`], with what `name` names once there is a value: inside `Ok` and `Some`, and so
/// nothing where the body fails, panics or is dropped.
///
/// `explicit` is the cache of the attribute, which the names are taken with.
#[allow(clippy::manual_async_fn)] // as above
pub fn invalidating_result<S: Shape, B: Future<Output = S::Output>>(
    targets: Targets,
    explicit: Option<Cache>,
    _shape: S,
    name: impl FnOnce(&mut Targets, &S::Value),
    body: Pin<&mut B>,
) -> impl Future<Output = S::Output> {
    async move {
        let mut pending = Pending::new(targets);
        let output = body.await;
        if let Some(value) = S::stored(&output).as_deref().and_then(S::value) {
            pending.add(explicit, |targets| name(targets, value));
        }
        Box::pin(pending.invalidate(timeout)).await;
        output
    }
}

/// What is still to be invalidated. Dropped by a panic, or with the future, it cannot wait.
#[derive(Debug)]
pub(crate) struct Pending(Option<Targets>);

impl Pending {
    pub(crate) fn new(targets: Targets) -> Self {
        Self(Some(targets))
    }

    /// Invalidates, or leaves it to the deferral around the writer. `within` says how long each
    /// cache may take, or why it is not to be asked now.
    pub(crate) async fn invalidate(&mut self, within: impl Fn(&Cache) -> Result<Duration, Error>) {
        if let Some(deferred) = Context::current().deferred {
            deferred.keep(self.0.take().unwrap_or_default().0);
        }
        if let Some(targets) = &self.0 {
            targets.invalidate(within).await;
        }
        self.0 = None;
    }

    /// Adds what is known by now alone.
    fn add(&mut self, explicit: Option<Cache>, name: impl FnOnce(&mut Targets)) {
        let targets = self.0.get_or_insert_default();
        with_cache(explicit, || name(targets));
    }

    /// Nothing is left to invalidate.
    pub(crate) fn done(&mut self) {
        self.0 = None;
    }
}

/// The cache's own timeout.
#[allow(clippy::unnecessary_wraps)] // as `Pending::invalidate` wants it
pub(crate) fn timeout(cache: &Cache) -> Result<Duration, Error> {
    Ok(cache.settings().timeout)
}

impl Drop for Pending {
    fn drop(&mut self) {
        let Some(targets) = self.0.take() else { return };
        match Context::current().deferred {
            // Its end may be far away, and a dropped future is not polled inside of it.
            Some(deferred) => deferred.keep(targets.0),
            None => targets.invalidate_behind(),
        }
    }
}
