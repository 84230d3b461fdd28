//! Invalidations that wait for the end of something larger than one writer.

use crate::cache::context::within;
use crate::cache::deferred::Deferred;
use crate::write::writers::{Pending, Targets, timeout};
use std::sync::Arc;

/// Runs `future`, and then sends the invalidations of the writers inside, each key once: for
/// functions that write in a transaction of their caller's.
///
/// A writer invalidates when it ends, but what it has changed is not there for others before the
/// commit, and a reader in between would cache the old data again. Put this around everything up
/// to the commit. However `future` ends, by a panic or by being dropped too, it is invalidated.
///
/// Until then cached calls go on returning what is stored. Tasks that `future` spawns are not
/// inside. The output waits for the invalidations, so the future is `Send` only where it is.
///
/// ```
/// # use cache_runtime::{Cache, defer_invalidations, redis_cache, redis_invalidate};
/// #[redis_cache(ttl = 60, key = "stock:{item}")]
/// async fn stock(item: u64) -> u64 { 3 }
///
/// #[redis_invalidate(stock(item))]
/// async fn take(item: u64) { /* a statement of the transaction */ }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
/// # let cache = Cache::builder().url("memory://").prefix("shop").build()?;
/// # cache.scope(async {
/// stock(7).await;
/// defer_invalidations(async {
///     take(7).await;
///     take(7).await;
///     // ... commit
///     # assert!(stock_entry(7).get().await?.is_some());
///     # Ok::<_, cache_runtime::Error>(())
/// })
/// .await?;
/// assert_eq!(stock_entry(7).get().await?, None);
/// # Ok(()) }).await }
/// ```
pub fn defer_invalidations<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let future = Box::pin(future);
    async move {
        let mut end = End(Arc::default());
        let deferred = end.0.clone();
        let output = within(|context| context.deferred = Some(deferred), future).await;
        Box::pin(end.invalidate()).await;
        output
    }
}

/// The end of the deferral, however it comes.
struct End(Arc<Deferred>);

impl End {
    async fn invalidate(&mut self) {
        Pending::new(Targets(self.0.take())).invalidate(timeout).await;
    }
}

impl Drop for End {
    fn drop(&mut self) {
        drop(Pending::new(Targets(self.0.take())));
    }
}
