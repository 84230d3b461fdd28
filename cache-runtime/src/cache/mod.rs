//! The cache: its settings, its store, its flights and its figures, behind one cheap handle.

mod build;
pub(crate) mod context;
pub(crate) mod deferred;
pub(crate) mod invalidate;
pub(crate) mod naming;
pub(crate) mod renewals;
pub(crate) mod replay;

use crate::clock::Clock;
use crate::config::{Builder, Settings};
use crate::error::Error;
use crate::figures::counters::Totals;
use crate::figures::stats::{ProcessStats, Stats, Status};
use crate::flight::leases::Leases;
use crate::flight::single_flight::{Flights, Old};
use crate::flight::slots::Slots;
use crate::function::listed::functions;
use crate::function::registry::{has_option, registry, warn_of_overlaps};
use crate::function::tagging::warn_of_unread_tags;
use crate::l1::L1;
use crate::store::any::AnyStore;
use crate::store::disabled::DisabledStore;
use crate::store::{Reachability, Store};
use once_cell::sync::OnceCell;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// A cache: where cached functions look up and store their values.
///
/// A program usually makes one with [`Cache::builder`] and [`install`](Self::install)s it as the
/// process-wide cache. If none is installed, the first cached call makes one from the environment.
/// Cloning is cheap, and clones are the same cache.
///
/// ```
/// use cache_runtime::Cache;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
/// let cache = Cache::builder().url("memory://").prefix("shop").build()?;
/// cache.ping().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    settings: Settings,
    store: AnyStore,
    flights: Flights,
    /// What is kept in this process, where that is of use.
    l1: Option<Arc<L1>>,
    slots: Slots,
    leases: Arc<Leases>,
    counters: Totals,
    /// Wakes the task that replays the journal.
    wake: Arc<Notify>,
}

/// A handle that does not keep the cache.
pub(crate) struct WeakCache(Weak<Inner>);

impl WeakCache {
    pub(crate) fn upgrade(&self) -> Option<Cache> {
        self.0.upgrade().map(Cache)
    }
}

/// What was kept of keys whose flights are forgotten is old as well.
fn forgetting(l1: Arc<L1>) -> impl Fn(Old<'_>) + Send + Sync {
    move |old| match old {
        Old::Keys(keys) => l1.forget(keys),
        Old::Matching(matches) => l1.forget_matching(matches),
        Old::Everything => l1.forget_all(),
    }
}

static GLOBAL: OnceCell<Cache> = OnceCell::new();

impl Cache {
    /// Settings for a new cache. What is not set here comes from the environment.
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn new(settings: Settings) -> Result<Self, Error> {
        let store = AnyStore::new(&settings)?;
        Ok(Self::over(store, settings))
    }

    fn over(mut store: AnyStore, settings: Settings) -> Self {
        warn_of_overlaps();
        warn_of_unread_tags();
        let l1 = match store {
            AnyStore::Redis(_) => {
                let functions = registry().functions.len();
                L1::new(settings.l1_capacity, functions, &settings.prefix, &settings.clock)
            }
            // A value in this process needs no second place there.
            AnyStore::Memory(_) | AnyStore::Disabled(_) => None,
        };
        if let Some(l1) = &l1 {
            store.track(l1, settings.l1_without_tracking);
            if has_option("l1") {
                store.serves_l1();
            }
        }
        let wake = Arc::new(Notify::new());
        let cache = Self(Arc::new(Inner {
            wake,
            settings,
            store,
            flights: match &l1 {
                Some(l1) => Flights::telling(forgetting(l1.clone())),
                None => Flights::default(),
            },
            l1,
            slots: Slots::default(),
            leases: Arc::default(),
            counters: Totals::new(),
        }));
        let told = cache.downgrade();
        cache.store().listen(move |event| {
            if let Some(cache) = told.upgrade() {
                cache.heard(event);
            }
        });
        cache
    }

    /// Makes this the process-wide cache, which cached functions use unless told otherwise.
    ///
    /// # Errors
    /// [`Error::Config`] when there is one already: installed, or taken from the environment by
    /// a call that came first.
    pub fn install(&self) -> Result<(), Error> {
        GLOBAL.set(self.clone()).map_err(|_| {
            Error::Config(
                "a process-wide cache is in use already: install yours before the first cached \
                 call"
                    .into(),
            )
        })
    }

    /// The process-wide cache: the installed one, or the one that the environment describes.
    ///
    /// A malformed environment is said once at WARN, and caching is off.
    pub fn global() -> &'static Self {
        GLOBAL.get_or_init(|| {
            Self::builder().build().unwrap_or_else(|error| {
                tracing::warn!(target: "cache_runtime", %error, "caching is off");
                Self::over(AnyStore::Disabled(DisabledStore), Settings::disabled())
            })
        })
    }

    /// Checks that the store answers (`PING`).
    ///
    /// # Errors
    /// [`Error::Disabled`] when caching is off, otherwise why the store did not answer.
    pub async fn ping(&self) -> Result<(), Error> {
        self.store().ping(self.settings().timeout).await
    }

    /// Whether the store answers, asked now, within the store timeout; of a cluster, each primary.
    pub async fn health(&self) -> Status {
        match self.ping().await {
            Ok(()) => Status::Connected,
            Err(Error::Disabled) => Status::Disabled,
            Err(_) => Status::Unreachable,
        }
    }

    /// The counters of this process, and the server's own figures if it answers within the store
    /// timeout. Does not scan the keys.
    pub async fn stats(&self) -> Stats {
        let server = self.store().info(self.settings().timeout).await;
        let total = self.counters().read();
        Stats {
            status: match &server {
                Ok(_) => Status::Connected,
                Err(Error::Disabled) => Status::Disabled,
                // An ACL may forbid INFO; what matters is whether calls are answered.
                Err(_) if self.store().reachability() == Reachability::Reachable => {
                    Status::Connected
                }
                Err(_) => Status::Unreachable,
            },
            prefix: self.settings().prefix.to_string(),
            breaker: self.store().breaker_state(),
            journal: self.flights().journal(|journal| journal.figures()),
            process: ProcessStats {
                total,
                hit_rate: total.hit_rate(),
                refreshing: self.slots().running(),
                l1: self.l1().map(L1::figures),
                functions: functions(),
            },
            server: server.ok(),
        }
    }

    /// Ends the work in the background: begins no more of it, and waits for the bodies that run
    /// there and for the invalidations by writers that are still to be sent, ten seconds at most (the
    /// builder's `wait`). Says whether nothing is left of them.
    ///
    /// Call it before the runtime ends, so that what is being computed is stored, and what a writer
    /// that was dropped has changed is not served by others. Calls go on as
    /// before; stale values are then served without being refreshed, and a body whose caller's
    /// timeout has passed ends with it.
    pub async fn shutdown(&self) -> bool {
        self.shutdown_within(self.settings().wait).await
    }

    /// [`shutdown`](Self::shutdown) with a limit of its own.
    pub async fn shutdown_within(&self, limit: Duration) -> bool {
        let begun = Instant::now();
        let ended = self.slots().close(limit).await;
        self.all_sent(limit.saturating_sub(begun.elapsed())).await && ended
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn store(&self) -> &AnyStore {
        &self.0.store
    }

    /// What the store's commands of one call may take together.
    pub(crate) fn budget(&self) -> Duration {
        self.store().budget(self.settings().timeout)
    }

    pub(crate) fn flights(&self) -> &Flights {
        &self.0.flights
    }

    pub(crate) fn l1(&self) -> Option<&L1> {
        self.0.l1.as_deref()
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.0.slots
    }

    pub(crate) fn leases(&self) -> &Arc<Leases> {
        &self.0.leases
    }

    pub(crate) fn counters(&self) -> &Totals {
        &self.0.counters
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.settings.clock
    }

    pub(crate) fn downgrade(&self) -> WeakCache {
        WeakCache(Arc::downgrade(&self.0))
    }

    pub(crate) fn wake(&self) -> &Arc<Notify> {
        &self.0.wake
    }

    /// Whether both are handles of one cache.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn is_disabled(&self) -> bool {
        matches!(self.0.store, AnyStore::Disabled(_))
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("settings", self.settings()).finish_non_exhaustive()
    }
}

/// The cache of a call: the process-wide one is borrowed, so that a hit touches no count that
/// all threads share.
#[derive(Debug)]
pub(crate) enum Handle {
    Global(&'static Cache),
    Own(Cache),
}

impl Handle {
    /// The same cache, for a task of its own.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Global(cache) => Self::Global(cache),
            Self::Own(cache) => Self::Own(cache.clone()),
        }
    }

    /// The function's own cache, else the scope's, else the process-wide one.
    pub(crate) fn choose(explicit: Option<Cache>, scoped: Option<Cache>) -> Self {
        explicit.or(scoped).map_or_else(|| Self::Global(Cache::global()), Self::Own)
    }

    pub(crate) fn into_cache(self) -> Cache {
        match self {
            Self::Global(cache) => cache.clone(),
            Self::Own(cache) => cache,
        }
    }
}

impl From<Cache> for Handle {
    fn from(cache: Cache) -> Self {
        Self::Own(cache)
    }
}

impl Deref for Handle {
    type Target = Cache;

    fn deref(&self) -> &Cache {
        match self {
            Self::Global(cache) => cache,
            Self::Own(cache) => cache,
        }
    }
}
