//! Writers that store what they return under a cached function's key.
//!
//! A put is an invalidation that leaves the new value behind: once it has returned, nobody gets
//! what was computed before its body began. It takes the key's lease from whoever has it before
//! the body begins, and stores only if nobody has taken it since: neither a later put nor an
//! invalidation is undone. Whatever else comes in between, it invalidates. `tests/model/put.rs`
//! shows what each of these rules is for.

use crate::cache::Cache;
use crate::cache::context::{Context, Held, Mode, with_cache, within};
use crate::call::budget::Budget;
use crate::call::lease::Lease;
use crate::error::Error;
use crate::plan::shape::{Returns, Shape};
use crate::store::{Acquired, Act, Ask};
use crate::write::entry::{Encoded, Entry};
use crate::write::writers::{Pending, Targets};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A value that a cached function stores too.
#[diagnostic::on_unimplemented(
    message = "this function's value is `{Self}`, and the cached function stores `{Reader}`",
    label = "it stores `{Reader}`, which is not what this function returns",
    note = "return the same type (of a `Result` the `Ok` value counts, and the errors may differ), \
            or use `#[redis_invalidate]`"
)]
pub trait SameValue<Reader> {
    fn for_reader(&self) -> &Reader;
}

impl<T> SameValue<T> for T {
    fn for_reader(&self) -> &T {
        self
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
    encode: fn(&Entry<R>, &W) -> Option<Encoded>,
}

/// The only place that compares the two types: in the type of the writer's future it would be an
/// error again for each use of that.
pub fn target<R, W>(entry: Entry<R::Output>, _reader: R, _writer: W) -> Target<R::Output, W::Output>
where
    R: Shape<Stored: 'static>,
    W: Shape<Stored: SameValue<R::Stored>>,
{
    Target { entry, encode: |entry, output| entry.encode(W::stored(output)?.for_reader()) }
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
        let mut pending = Pending::new(targets);
        let mut budget = Budget::new(entry.cache().settings().timeout);
        let seized = Box::pin(seize(&entry, &mut budget)).await;
        let output = match &seized {
            Ok(Some(lease)) => lease.hold(pin!(holding(&entry, body))).await,
            Ok(None) | Err(_) => body.await,
        };
        let encoded = encode(&entry, &output);
        // Boxed: it is not to be part of the future of every writer.
        Box::pin(async {
            let filled = match (seized, encoded) {
                (Err(error), _) => Err(error),
                (Ok(Some(lease)), Some((bytes, life))) => {
                    fill(&entry, lease, &bytes, life, &mut budget).await
                }
                (Ok(_), _) => Ok(false),
            };
            if filled == Ok(true) {
                return pending.done();
            }
            let failure = filled.err().unwrap_or(Error::Timeout);
            pending.invalidate(|_| budget.left().ok_or_else(|| failure.clone())).await;
        })
        .await;
        output
    }
}

/// Takes the lease, whoever has it; `None` where nothing is to be stored.
async fn seize<'e, R>(
    entry: &'e Entry<R>,
    budget: &mut Budget,
) -> Result<Option<Lease<'e>>, Error> {
    let (cache, Ok(key)) = (entry.cache(), entry.whole()) else { return Ok(None) };
    let context = Context::current();
    // What is not committed yet is not to be seen by others.
    let unseen = context.deferred.is_some() || context.mode == Mode::Bypass;
    let Some(within) = budget.left().filter(|_| !unseen && !cache.is_disabled()) else {
        return Ok(None);
    };
    // Who comes while the body runs waits for that, not for what was begun before.
    cache.flights().detach(key);
    let mut lease = Lease::request(cache, key);
    let sent = Instant::now();
    let seized = lease.acquire(Ask::Force, within).await;
    budget.charge(sent, is_answered(&seized));
    Ok(matches!(seized?, Acquired::Ours).then_some(lease))
}

/// Has the cached calls inside of `body` know that the lease of their key is not to be had.
fn holding<R, B: Future>(entry: &Entry<R>, body: Pin<&mut B>) -> impl Future<Output = B::Output> {
    let held = entry.whole().ok().map(|key| (entry.cache().clone(), key.clone()));
    within(
        |context| {
            if let Some((cache, key)) = held {
                let outer = context.held.take();
                context.held = Some(Arc::new(Held { cache, key, outer }));
            }
        },
        body,
    )
}

/// Stores the value if nobody has taken the lease. Answers whether it is there.
async fn fill<R>(
    entry: &Entry<R>,
    lease: Lease<'_>,
    bytes: &[u8],
    life: Duration,
    budget: &mut Budget,
) -> Result<bool, Error> {
    let (cache, key) = (entry.cache(), entry.whole()?);
    let Some(within) = budget.left() else { return Ok(false) };
    let sent = Instant::now();
    let filled = lease.settle(Act::Fill(bytes, life), within).await;
    budget.charge(sent, is_answered(&filled));
    if filled == Ok(true) {
        // A flight that began under the lease has perhaps read what was about to change.
        cache.flights().detach(key);
        cache.remember(std::slice::from_ref(key));
    }
    filled
}

/// Whether the store is there: then it can be asked for more, as far as the budget goes.
fn is_answered<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Ok(_) | Err(Error::Refused(_)))
}
