//! The builder: what code says of a cache. How that becomes settings is in `chosen`.

use super::server::{Password, Tls};
use super::settings::KeySecret;
use super::target::Target;
use crate::clock::Clock;
use std::collections::HashMap;
use std::fmt;
#[cfg(feature = "tls")]
use std::path::PathBuf;
use std::time::Duration;

/// The settings of a new [`Cache`](crate::Cache), from `Cache::builder()` to `build()`.
///
/// What is not set here comes from the environment, or else from the defaults. `build()` checks all
/// of it and does no I/O: an unreachable Redis is no error.
///
/// `Debug` shows neither the URL's password nor the secret.
///
/// ```
/// use cache_runtime::{Cache, Error};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Error> {
/// let cache = Cache::builder()
///     .url("redis://localhost:6379")
///     .prefix("shop")
///     .default_ttl(Duration::from_secs(60))
///     .ttl_setting("dashboard", Duration::from_secs(30))
///     .timeout(Duration::from_millis(100))
///     .build()?; // whether or not anybody listens there
///
/// let wrong = Cache::builder().url("redis://localhost").prefix("shop:eu").build();
/// assert!(matches!(wrong, Err(Error::Config(why)) if why.contains("prefix")));
/// # Ok(()) }
/// ```
#[must_use = "a builder does nothing until `build()` is called"]
#[derive(Clone, Default)]
pub struct Builder {
    pub(super) url: Option<String>,
    pub(super) password: Option<Password>,
    pub(super) tls: Tls,
    pub(super) enabled: Option<bool>,
    pub(super) prefix: Option<String>,
    pub(super) default_ttl: Option<Duration>,
    pub(super) ttl_settings: HashMap<String, Duration>,
    pub(super) timeout: Option<Duration>,
    pub(super) wait: Option<Duration>,
    pub(super) key_secret: Option<KeySecret>,
    pub(super) empty_secret: bool,
    pub(super) connections: Option<usize>,
    pub(super) max_size: Option<usize>,
    pub(super) l1_capacity: Option<u64>,
    pub(super) l1_without_tracking: bool,
    pub(super) clock: Option<Clock>,
}

impl Builder {
    /// Where the values are kept. Environment: `REDIS_URL`.
    ///
    /// | URL | store |
    /// |---|---|
    /// | `redis://[[user]:password@]host[:port][/database]` | a Redis server |
    /// | `rediss://…` | the same by TLS; needs the feature `tls` |
    /// | `redis-sentinel://[[user]:password@]host[:port][,host…]/primary[/database][?sentinel_user=…&sentinel_password=…]` | whichever server the sentinels name |
    /// | `rediss-sentinel://…` | the same by TLS |
    /// | `redis-cluster://[[user]:password@]host[:port][,host…]` | a Redis cluster, some of whose nodes are these |
    /// | `rediss-cluster://…` | the same by TLS |
    /// | `redis+unix:///path[?db=0&user=…&pass=…]` | a Redis server's Unix socket |
    /// | `memory://[?max_bytes=64mb&max_entries=100000]` | this process only, bounded |
    /// | `disabled://` | none: every call runs its function |
    ///
    /// Special characters of a password are percent-encoded. Without a URL, `REDIS_HOST` says where,
    /// with `REDIS_PORT`, `REDIS_DB`, `REDIS_USERNAME` and `REDIS_PASSWORD` (these are ignored without
    /// a host, and a WARN says so). With neither, caching is off. A malformed URL is an
    /// [`Error::Config`](crate::Error::Config) of `build()`.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Asks for the password whenever a connection is made, for one that changes while the program
    /// runs. The URL then names the user alone, if there is one: `rediss://app@host`. A password in
    /// the URL or the environment does not count.
    ///
    /// It has five seconds. While it asks, calls run without the cache. Where it fails, Redis is out
    /// of reach and asked for again later; the text of the error is logged.
    ///
    /// ```
    /// use cache_runtime::{Cache, Error};
    ///
    /// async fn token() -> std::io::Result<String> {
    ///     std::fs::read_to_string("/run/secrets/redis-token")
    /// }
    ///
    /// # fn main() -> Result<(), Error> {
    /// let cache = Cache::builder().url("redis://app@localhost").password_with(token).build()?;
    /// # Ok(()) }
    /// ```
    pub fn password_with<F, E>(mut self, ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, E>> + Send + 'static,
        E: fmt::Display,
    {
        self.password = Some(Password::new(move || {
            let answer = ask();
            Box::pin(async { answer.await.map_err(|error| error.to_string()) })
        }));
        self
    }

    /// The file of the roots (PEM) that vouch for the server of a `rediss://` URL, instead of the
    /// platform's. Environment: `REDIS_TLS_CA`.
    ///
    /// It is read whenever a connection is made, so it may be replaced while the program runs. A
    /// server whose certificate is not vouched for, has expired, or is for another name is out of
    /// reach; there is no way not to verify that.
    #[cfg(feature = "tls")]
    pub fn tls_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls.ca = Some(file.into());
        self
    }

    /// The files (PEM) of the certificate that says who this client is, with those that lead from it
    /// to a root, and of its private key. Environment: `REDIS_TLS_CERT` and `REDIS_TLS_KEY`, each of
    /// which needs the other.
    ///
    /// They are read whenever a connection is made.
    #[cfg(feature = "tls")]
    pub fn tls_client(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.client = Some((certificate.into(), key.into()));
        self
    }

    /// Whether to cache at all. Environment: `REDIS_ENABLED` (`true` or `false`).
    ///
    /// `false` switches caching off, whatever the URL, and from the environment also that of
    /// [`url`](Self::url): who runs the program has the last word, unless `enabled(true)` is said
    /// here. A test that must not depend on it says so, or takes
    /// [`Cache::in_memory`](crate::Cache::in_memory). `true` without a URL and a host means the
    /// Redis on this machine, port 6379. If it is set nowhere, the URL or the host decides.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = Some(enabled);
        self
    }

    /// What every key begins with, up to the first colon: letters, digits, `_`, `.` and `-`.
    /// Environment: `REDIS_KEY_PREFIX`. Default: `cache`.
    ///
    /// Two services on one Redis must not share it: they would read each other's values.
    /// Anything else in it, or nothing at all, is an [`Error::Config`](crate::Error::Config) of `build()`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// The time to live of values whose function names none. Environment: `REDIS_CACHE_TTL`
    /// (whole seconds, or a duration such as `5m`). Default: 5 minutes.
    ///
    /// Zero is an [`Error::Config`](crate::Error::Config) of `build()`.
    pub fn default_ttl(mut self, ttl: Duration) -> Self {
        self.default_ttl = Some(ttl);
        self
    }

    /// The time to live of the functions with `ttl_setting = "name"`. Environment:
    /// `REDIS_CACHE_TTL_<NAME>`, the name in capitals and with `_` for whatever is neither a
    /// letter nor a digit. Default: the default TTL.
    ///
    /// Zero, or an empty name, is an [`Error::Config`](crate::Error::Config) of `build()`.
    pub fn ttl_setting(mut self, name: impl Into<String>, ttl: Duration) -> Self {
        self.ttl_settings.insert(name.into(), ttl);
        self
    }

    /// How long all store commands of one call may take together; after that the call goes on
    /// without the store. Calls of a cache in memory have no such limit. Default: 250 ms. Zero is an
    /// [`Error::Config`](crate::Error::Config) of `build()`.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long a call waits for another that computes the same value, before it computes
    /// itself, without storing. Default: 10 s. Zero: no call waits; a day is the longest.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Makes hashes in keys (`{email:hash}`) unguessable for those who do not know the secret.
    /// The same in all processes that share values; any length but none, which is an
    /// [`Error::Config`](crate::Error::Config) of `build()`. Default: hashes without a secret.
    pub fn key_secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        let secret = secret.as_ref();
        self.empty_secret = secret.is_empty();
        self.key_secret = Some(KeySecret::of(secret));
        self
    }

    /// How many connections each Tokio runtime opens, on first use. Default: 1, which many
    /// callers share at no loss; more helps where values are large. 1 to 64, or `build()`
    /// answers [`Error::Config`](crate::Error::Config).
    pub fn connections(mut self, connections: usize) -> Self {
        self.connections = Some(connections);
        self
    }

    /// The largest encoded value, in bytes, that is stored or read, for functions that do not say
    /// `max_size`. Default: 64 MiB, more than a network of a gigabit brings within the default
    /// timeout. What Redis holds beyond it, whoever wrote it, is not fetched: its function runs.
    /// 1 byte to 512 MiB, or `build()` answers [`Error::Config`](crate::Error::Config).
    pub fn max_size(mut self, bytes: usize) -> Self {
        self.max_size = Some(bytes);
        self
    }

    /// How many bytes the values of functions with `l1` may take in this process, all together and
    /// by an estimate: its key, its place, itself, and what it owns, as far as it shows that to serde.
    /// They are kept in parts of a megabyte at the least, and what needs more than a part is not.
    /// Default: 64 MiB. Zero is an [`Error::Config`](crate::Error::Config) of `build()`.
    pub fn l1_capacity(mut self, bytes: u64) -> Self {
        self.l1_capacity = Some(bytes);
        self
    }

    /// Whether functions with a duration, as `l1 = "10s"`, keep values in this process also where
    /// the server, or a proxy before it, cannot say what changes (`CLIENT TRACKING`). What another
    /// process invalidates is then served for so long. Default: `false`.
    pub fn l1_without_tracking(mut self, allowed: bool) -> Self {
        self.l1_without_tracking = allowed;
        self
    }

    /// Where time and chance come from; for tests that move the clock. Default: the machine's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL that does not parse may hold the password anywhere: not even its text then.
        let url = self.url.as_deref().map(|url| Target::from_url(url, "url", true));
        f.debug_struct("Builder")
            .field("target", &url.map(|url| url.map_err(|_| "malformed")))
            .field("password", &self.password)
            .field("tls", &self.tls)
            .field("enabled", &self.enabled)
            .field("prefix", &self.prefix)
            .field("default_ttl", &self.default_ttl)
            .field("ttl_settings", &self.ttl_settings)
            .field("timeout", &self.timeout)
            .field("wait", &self.wait)
            .field("key_secret", &self.key_secret)
            .field("connections", &self.connections)
            .field("max_size", &self.max_size)
            .field("l1_capacity", &self.l1_capacity)
            .field("l1_without_tracking", &self.l1_without_tracking)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
