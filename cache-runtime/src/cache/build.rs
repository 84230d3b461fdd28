//! How a cache is made of its settings, and what its operators are told of it then.

use super::Cache;
use crate::config::{Bounds, Builder, Off, Settings, Target};
use crate::error::Error;
use crate::function::registry::{has_option, ttl_settings};
use crate::store::any::AnyStore;
use crate::store::memory::MemoryStore;

impl Cache {
    /// A new cache in the memory of this process, for tests. No environment variable changes it, not
    /// even `REDIS_ENABLED=false`.
    ///
    /// It has the prefix `cache`, and the bounds and times that are the defaults of
    /// [`Cache::builder`]. For a clock to move, or any other setting, take
    /// `Cache::builder().url("memory://").enabled(true)`: there the environment may still set the
    /// prefix and the times to live.
    ///
    /// ```
    /// use cache_runtime::{Cache, redis_cache};
    ///
    /// #[redis_cache(ttl = 60, key = "cubed:{n}")]
    /// async fn cubed(n: u64) -> u64 { n * n * n }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::Error> {
    /// let cache = Cache::in_memory();
    /// cache.scope(cubed(3)).await;
    /// assert!(cache.invalidate("cubed:3").await?);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn in_memory() -> Self {
        let settings = Settings::in_memory();
        let store = MemoryStore::new(settings.clock.clone(), Bounds::default());
        Self::over(AnyStore::Memory(store), settings)
    }
}

impl Builder {
    /// Makes the cache. Does no I/O: an unreachable Redis is not an error, a malformed setting is.
    ///
    /// # Errors
    /// [`Error::Config`] naming the setting, or the environment variable, that is malformed.
    pub fn build(self) -> Result<Cache, Error> {
        let environment = |name: &str| std::env::var(name).ok();
        let mut settings = self.settings(&environment)?;
        settings.read_ttl_settings(ttl_settings(), &environment)?;
        announce(&settings);
        Cache::new(settings)
    }
}

/// Says what its operators may not expect of a new cache.
fn announce(settings: &Settings) {
    if settings.in_vain.url {
        tracing::warn!(
            target: "cache_runtime",
            "caching is off: REDIS_ENABLED=false in the environment overrules the program, which \
             names a store; `enabled(true)` beside it, or `Cache::in_memory()`, would not be"
        );
    }
    if !settings.in_vain.variables.is_empty() {
        tracing::warn!(
            target: "cache_runtime",
            ignored = settings.in_vain.variables.join(", "),
            "these variables count beside REDIS_HOST alone, and nothing is said in it; what they \
             say belongs into REDIS_URL, or set REDIS_HOST instead of it"
        );
    }
    if !settings.in_vain.tls.is_empty() {
        tracing::warn!(
            target: "cache_runtime",
            ignored = settings.in_vain.tls.join(", "),
            "the connection to Redis is not encrypted: these variables count with a URL that begins \
             with `rediss://` alone"
        );
    }
    match settings.target {
        Target::Disabled(Off::NotConfigured) => tracing::warn!(
            target: "cache_runtime",
            "caching is off for every call that names no other cache: nothing says where Redis is. Calls \
             without `cache = …` are not cached, and what writers name without it (`keys`, `tags`) is not \
             invalidated. Set REDIS_URL, give the builder a `url`, install a cache before the first cached \
             call, or set REDIS_ENABLED=false if this is meant"
        ),
        Target::Redis(_) if settings.prefix_is_default => tracing::info!(
            target: "cache_runtime",
            prefix = &*settings.prefix,
            "nothing says which prefix to use; services that share a Redis need one each: set \
             REDIS_KEY_PREFIX"
        ),
        Target::Memory(_) if has_option("l1") => tracing::info!(
            target: "cache_runtime",
            prefix = &*settings.prefix,
            "a cache in memory keeps its values in this process as it is: `l1` adds nothing to it"
        ),
        _ => {}
    }
}
