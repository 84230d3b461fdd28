//! The right to run a body in the background.

use crate::cache::{Cache, context};
use crate::call::Active;
use crate::figures::counters::Counters;
use crate::flight::leases::LONGEST;
use crate::flight::slots::NoSlot;
use crate::key::whole::Key;
use crate::timers;
use std::pin::Pin;

/// The right to run a body in the background. Dropped before that has ended well, the key rests.
pub(in crate::call) struct Slot {
    cache: Cache,
    key: Key,
    /// Whether it refreshes the key, which one body at a time does.
    refreshes: bool,
    failed: bool,
}

impl Slot {
    /// To refresh the key of `call`. `None`: not now.
    #[inline(never)]
    pub(super) fn to_refresh(call: &Active) -> Option<Self> {
        let cache = &call.cache;
        Self::of(call, true, || cache.slots().take_to_refresh(&call.key, cache.clock().now()))
    }

    /// To go on with the body of `call`, whose caller leaves. `None` where there are enough.
    #[inline(never)]
    pub(in crate::call) fn to_go_on(call: &Active) -> Option<Self> {
        Self::of(call, false, || call.cache.slots().take_to_go_on())
    }

    fn of(
        call: &Active,
        refreshes: bool,
        take: impl FnOnce() -> Result<(), NoSlot>,
    ) -> Option<Self> {
        if !timers::available() {
            if !refreshes {
                call.count(Counters::count_skipped);
            }
            return None;
        }
        match take() {
            Ok(()) => {}
            Err(NoSlot::Resting) => return None,
            Err(NoSlot::Full) => {
                call.count(Counters::count_skipped);
                return None;
            }
        }
        call.count(Counters::count_refresh);
        let (cache, key) = (call.cache.again().into_cache(), call.key.clone());
        Some(Self { cache, key, refreshes, failed: true })
    }

    /// Runs `body`, which says whether it failed, in a task of its own. It is dropped once no lease
    /// can be its own any more: whoever joined its flight would wait for what nobody can store.
    #[inline(never)]
    pub(in crate::call) fn run(self, body: Pin<Box<dyn Future<Output = bool> + Send>>) {
        drop(tokio::spawn(context::behind(async move {
            let mut slot = self;
            match tokio::time::timeout(LONGEST, body).await {
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
