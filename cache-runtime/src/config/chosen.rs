//! How what the builder and the environment say becomes settings.

use super::builder::Builder;
use super::environment::{Environment, malformed};
use super::server::Tls;
use super::settings::{
    CONNECTIONS, InVain, L1_CAPACITY, MAX_SIZE, PREFIX, Settings, TIMEOUT, TTL, WAIT,
};
use super::target::{Off, Target};
use crate::error::Error;
use std::path::PathBuf;
use std::time::Duration;

/// The largest number of connections that makes any sense for one runtime.
const MOST_CONNECTIONS: usize = 64;

/// The longest value that Redis stores.
const LARGEST: usize = 512 << 20;

/// The longest wait: what is added to the time of day must not be beyond what a clock can say.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Builder {
    /// Checks everything, with what `env` says where the builder says nothing.
    pub(crate) fn settings(self, env: &dyn Fn(&str) -> Option<String>) -> Result<Settings, Error> {
        let env = Environment(env);
        let (mut target, mut in_vain) = self.target(env)?;
        if let Target::Redis(server) = &mut target {
            server.password.clone_from(&self.password);
            if server.is_tls() {
                server.tls = self.files_of_tls(env)?;
            } else {
                in_vain.tls = env.files_of_tls();
            }
        }
        let (prefix, prefix_is_default) = self.chosen_prefix(env)?;
        let default_ttl = match self.default_ttl {
            Some(ttl) => above_zero(ttl, "default_ttl(..)")?,
            None => env.ttl("REDIS_CACHE_TTL")?.unwrap_or(TTL),
        };
        for (name, ttl) in &self.ttl_settings {
            above_zero(*ttl, &format!("ttl_setting({name:?}, ..)"))?;
            if name.is_empty() {
                return Err(malformed("ttl_setting(..)", "given a name"));
            }
        }
        if self.empty_secret {
            return Err(malformed("key_secret(..)", "at least one byte long"));
        }
        let connections = self.connections.unwrap_or(CONNECTIONS);
        if !(1..=MOST_CONNECTIONS).contains(&connections) {
            return Err(malformed("connections(..)", "between 1 and 64"));
        }
        let max_size = self.max_size.unwrap_or(MAX_SIZE);
        if !(1..=LARGEST).contains(&max_size) {
            return Err(malformed("max_size(..)", "between 1 byte and 512 MiB"));
        }
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        let l1_capacity = self.l1_capacity.unwrap_or(L1_CAPACITY);
        if l1_capacity == 0 {
            return Err(malformed("l1_capacity(..)", "above zero"));
        }
        Ok(Settings {
            target,
            in_vain,
            prefix: prefix.into(),
            prefix_is_default,
            default_ttl,
            ttl_settings: self.ttl_settings,
            timeout: above_zero(timeout, "timeout(..)")?,
            wait: self.wait.unwrap_or(WAIT).min(LONGEST_WAIT),
            key_secret: self.key_secret,
            connections,
            max_size,
            l1_capacity,
            l1_without_tracking: self.l1_without_tracking,
            clock: self.clock.unwrap_or_default(),
        })
    }

    /// The builder's URL, the environment's URL, its host, and this machine if that is asked for;
    /// and what of all that somebody said in vain.
    fn target(&self, env: Environment<'_>) -> Result<(Target, InVain), Error> {
        let enabled = match self.enabled {
            Some(enabled) => Some(enabled),
            None => env.flag("REDIS_ENABLED")?,
        };
        if enabled == Some(false) {
            let url = self.url.is_some() && self.enabled.is_none();
            return Ok((Target::Disabled(Off::Setting), InVain { url, ..InVain::default() }));
        }
        let asked = self.password.is_some();
        if let Some(url) = &self.url {
            return Ok((Target::from_url(url, "url(..)", asked)?, InVain::default()));
        }
        let no_host = env.text("REDIS_HOST").is_none();
        let variables = if no_host { env.companions_of_a_host() } else { Vec::new() };
        let in_vain = InVain { variables, ..InVain::default() };
        if let Some(url) = env.secret("REDIS_URL") {
            return Ok((Target::from_url(&url, "REDIS_URL", asked)?, in_vain));
        }
        match (Target::from_host(env, asked)?, enabled) {
            (Some(target), _) => Ok((target, in_vain)),
            (None, Some(_)) => Ok((Target::at_host("localhost", env, asked)?, InVain::default())),
            (None, None) => Ok((Target::Disabled(Off::NotConfigured), in_vain)),
        }
    }

    /// The builder's files, and those of the environment where it names none.
    fn files_of_tls(&self, env: Environment<'_>) -> Result<Tls, Error> {
        let file = |variable| env.text(variable).map(PathBuf::from);
        let client = match (file("REDIS_TLS_CERT"), file("REDIS_TLS_KEY")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                let why = "REDIS_TLS_CERT and REDIS_TLS_KEY need each other";
                return Err(Error::Config(why.into()));
            }
        };
        let Tls { ca, client: built } = self.tls.clone();
        Ok(Tls { ca: ca.or_else(|| file("REDIS_TLS_CA")), client: built.or(client) })
    }

    fn chosen_prefix(&self, env: Environment<'_>) -> Result<(String, bool), Error> {
        let (prefix, setting) = match (&self.prefix, env.text("REDIS_KEY_PREFIX")) {
            (Some(prefix), _) => (prefix.clone(), "prefix(..)"),
            (None, Some(prefix)) => (prefix, "REDIS_KEY_PREFIX"),
            (None, None) => return Ok((PREFIX.to_owned(), true)),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if prefix.is_empty() || !prefix.chars().all(fits) {
            return Err(malformed(setting, "one or more of the characters `A-Z a-z 0-9 _ . -`"));
        }
        Ok((prefix, false))
    }
}

fn above_zero(duration: Duration, setting: &str) -> Result<Duration, Error> {
    if duration.is_zero() { Err(malformed(setting, "above zero")) } else { Ok(duration) }
}
