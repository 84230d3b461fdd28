//! Bodies behind the callers' backs: how they are refreshed, how many there are, and when they rest.

pub(crate) mod own;

use crate::cache::Cache;
use crate::cache::context;
use crate::call::Active;
use crate::call::lease;
use crate::call::read_through::refresh;
use crate::call::work::Work;
use crate::figures::counters::Counters;
use crate::flight::slots::NoSlot;
use crate::key::whole::Key;
use crate::plan::Plan;
use crate::plan::shape::Shape;
use crate::timers;
use std::pin::Pin;
use std::time::Duration;

/// Makes a body that owns all it uses.
pub(crate) struct Owning<F>(pub(crate) F);

impl<S, F, B> Work<S, Pin<Box<B>>> for Owning<F>
where
    S: Shape<Output: 'static, Stored: Send> + 'static,
    F: FnOnce() -> B,
    B: Future<Output = S::Output> + Send + 'static,
{
    fn here(self) -> Pin<Box<B>> {
        Box::pin((self.0)())
    }

    fn behind(self, call: &Active, plan: &Plan<S>, above: Duration) {
        if !timers::available() {
            return;
        }
        let slot = match Slot::to_refresh(&call.cache, &call.key) {
            Ok(slot) => slot,
            Err(NoSlot::Full) => return call.count(Counters::count_skipped),
            Err(NoSlot::Resting) => return,
        };
        call.count(Counters::count_refresh);
        let (call, plan, body) = (call.for_behind(), plan.clone(), Box::pin((self.0)()));
        slot.run(async move { refresh(&call, &plan, above, body).await });
    }
}

/// The right to run a body in the background. Dropped before that has ended well, the key rests.
pub(crate) struct Slot {
    cache: Cache,
    key: Key,
    /// Whether it refreshes the key, which one body at a time does.
    refreshes: bool,
    failed: bool,
}

impl Slot {
    /// To refresh `key`.
    fn to_refresh(cache: &Cache, key: &Key) -> Result<Self, NoSlot> {
        cache.slots().take_to_refresh(key, cache.clock().now())?;
        Ok(Self { cache: cache.clone(), key: key.clone(), refreshes: true, failed: true })
    }

    /// To go on with a body whose caller has left.
    pub(crate) fn to_go_on(cache: &Cache, key: &Key) -> Result<Self, NoSlot> {
        cache.slots().take_to_go_on()?;
        Ok(Self { cache: cache.clone(), key: key.clone(), refreshes: false, failed: true })
    }

    /// Runs `body`, which says whether it failed, in a task of its own. It is dropped once no lease
    /// can be its own any more: whoever joined its flight would wait for what nobody can store.
    pub(crate) fn run(self, body: impl Future<Output = bool> + Send + 'static) {
        drop(tokio::spawn(context::behind(async move {
            let mut slot = self;
            match tokio::time::timeout(lease::LONGEST, body).await {
                Ok(failed) => slot.failed = failed,
                Err(_) => tracing::warn!(
                    target: "cache_runtime",
                    key = slot.key.whole(),
                    "a body in the background has run for a minute and was dropped"
                ),
            }
        })));
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let slots = self.cache.slots();
        if self.failed {
            slots.failed(&self.key, self.cache.clock().now());
        }
        slots.give_back(self.refreshes.then_some(&self.key));
    }
}
