//! What a cache is to be, once everything that was said about it has been checked.

use super::environment::{Environment, ttl_variable};
use super::target::{Bounds, Off, Target};
use crate::clock::Clock;
use crate::error::Error;
use crate::key::KeyWriter;
use crate::key::tagging::TagWriter;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

// What is meant where nobody says anything.
pub(super) const PREFIX: &str = "cache";
pub(super) const TTL: Duration = Duration::from_secs(300);
pub(super) const TIMEOUT: Duration = Duration::from_millis(250);
pub(super) const WAIT: Duration = Duration::from_secs(10);
pub(super) const CONNECTIONS: usize = 1;
/// More than a network of a gigabit brings within the default timeout.
pub(super) const MAX_SIZE: usize = 64 << 20;
pub(super) const L1_CAPACITY: u64 = 64 << 20;

/// What somebody said of where the values are to be kept, and has no effect.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct InVain {
    /// Variables that are companions of a host, where there is none.
    pub(crate) variables: Vec<&'static str>,
    /// Variables that name files of TLS, where the server is reached without it.
    pub(crate) tls: Vec<&'static str>,
    /// The builder's URL, where the environment switches caching off.
    pub(crate) url: bool,
}

/// What a cache is to be; checked, and ready to be used.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) target: Target,
    pub(crate) in_vain: InVain,
    /// Of all keys, without the colon.
    pub(crate) prefix: Arc<str>,
    /// Nobody chose the prefix, so that another service may use the same.
    pub(crate) prefix_is_default: bool,
    pub(crate) default_ttl: Duration,
    /// TTLs with a name; a name that is missing means the default.
    pub(crate) ttl_settings: HashMap<String, Duration>,
    /// What all store commands of one call may take.
    pub(crate) timeout: Duration,
    /// How long a call waits for another's computation.
    pub(crate) wait: Duration,
    /// For hashes of arguments that can be guessed.
    pub(crate) key_secret: Option<KeySecret>,
    /// Per Tokio runtime.
    pub(crate) connections: usize,
    /// Of encoded values, where their function does not say.
    pub(crate) max_size: usize,
    /// How many bytes are kept in this process.
    pub(crate) l1_capacity: u64,
    /// Whether functions that say for how long keep values that nobody tracks.
    pub(crate) l1_without_tracking: bool,
    pub(crate) clock: Clock,
}

impl Settings {
    /// Of a cache whose settings are malformed, met when nobody can be told by an error.
    pub(crate) fn disabled() -> Self {
        Self::without_environment(Target::Disabled(Off::Setting))
    }

    /// Of a cache in this process.
    pub(crate) fn in_memory() -> Self {
        Self::without_environment(Target::Memory(Bounds::default()))
    }

    fn without_environment(target: Target) -> Self {
        Self {
            target,
            in_vain: InVain::default(),
            prefix: PREFIX.into(),
            prefix_is_default: true,
            default_ttl: TTL,
            ttl_settings: HashMap::new(),
            timeout: TIMEOUT,
            wait: WAIT,
            key_secret: None,
            connections: CONNECTIONS,
            max_size: MAX_SIZE,
            l1_capacity: L1_CAPACITY,
            l1_without_tracking: false,
            clock: Clock::system(),
        }
    }

    /// A key that is about to be written, of a function with this path.
    pub(crate) fn key<'s>(&'s self, path: &'s str) -> KeyWriter<'s> {
        KeyWriter::new(&self.prefix, path, self.key_secret.as_ref().map(|secret| &secret.0))
    }

    /// Tags that are about to be written.
    pub(crate) fn tags(&self) -> TagWriter<'_> {
        TagWriter::new(&self.prefix, self.key_secret.as_ref().map(|secret| &secret.0))
    }

    /// The TTL that goes by this name.
    pub(crate) fn ttl(&self, name: &str) -> Duration {
        self.ttl_settings.get(name).copied().unwrap_or(self.default_ttl)
    }

    /// Looks up, in the environment, the TTLs of the names that functions use; what the builder
    /// said stays.
    pub(crate) fn read_ttl_settings<'n>(
        &mut self,
        names: impl IntoIterator<Item = &'n str>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), Error> {
        for name in names {
            if self.ttl_settings.contains_key(name) {
                continue;
            }
            if let Some(ttl) = Environment(env).ttl(&ttl_variable(name))? {
                self.ttl_settings.insert(name.to_owned(), ttl);
            }
        }
        Ok(())
    }
}

/// What keys' hashes are keyed by. `Debug` does not show it.
#[derive(Clone, Copy)]
pub(crate) struct KeySecret([u8; 32]);

impl KeySecret {
    /// Derived, so that what the user keeps secret is not kept here.
    pub(super) fn of(secret: &[u8]) -> Self {
        Self(blake3::derive_key("cache-runtime 2026 key_secret", secret))
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("set")
    }
}
