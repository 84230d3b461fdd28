//! What the service is told: a flag beats the environment, which beats the default.

use crate::database;
use crate::secret::Secret;
use cache_runtime::{Cache, Error};
use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use std::ffi::{OsStr, OsString};
use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

/// A catalog of products over a real database, cached by one attribute.
#[derive(Debug, Clone, Parser)]
#[command(name = "catalog", version)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one
    #[arg(long, env = "CATALOG_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// The database: `sqlite:FILE` (created if missing) or `postgres://USER:PASSWORD@HOST/NAME`
    #[arg(long, env = "DATABASE_URL", value_name = "URL", default_value = "sqlite:catalog.db")]
    #[arg(hide_env_values = true)]
    pub database_url: Secret,

    /// Connections to the database that are kept open
    #[arg(long, env = "DATABASE_POOL_MIN", value_name = "N", default_value_t = 2)]
    pub database_pool_min: u32,

    /// Connections to the database at most
    #[arg(long, env = "DATABASE_POOL_MAX", value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_pool_max: u32,

    /// Whether to cache at all
    #[arg(long, env = "REDIS_ENABLED", value_name = "BOOL", default_value = "true")]
    #[arg(num_args = 0..=1, default_missing_value = "true", value_parser = BoolishValueParser::new())]
    #[arg(action = clap::ArgAction::Set)]
    pub redis_enabled: bool,

    /// Does not cache: every request runs its query
    #[arg(long)]
    pub no_redis: bool,

    /// The Redis: `redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]`; without it and a host, this
    /// process' memory
    #[arg(long, env = "REDIS_URL", value_name = "URL", hide_env_values = true)]
    pub redis_url: Option<Secret>,

    /// The Redis' host, where there is no URL
    #[arg(long, env = "REDIS_HOST", value_name = "HOST")]
    pub redis_host: Option<String>,

    /// Its port
    #[arg(long, env = "REDIS_PORT", value_name = "PORT", default_value_t = 6379)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub redis_port: u16,

    /// The number of its database
    #[arg(long, env = "REDIS_DB", value_name = "N", default_value_t = 0)]
    pub redis_db: u32,

    /// Its user
    #[arg(long, env = "REDIS_USERNAME", value_name = "USER")]
    pub redis_username: Option<String>,

    /// Its password
    #[arg(long, env = "REDIS_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    pub redis_password: Option<Secret>,

    /// What every key begins with
    #[arg(long, env = "REDIS_KEY_PREFIX", value_name = "PREFIX", default_value = "catalog")]
    pub redis_prefix: String,

    /// Time to live of cached values: seconds, or a duration such as `5m`
    #[arg(long, env = "REDIS_CACHE_TTL", value_name = "TTL", default_value = "60")]
    #[arg(value_parser = time_to_live)]
    pub redis_cache_ttl: Duration,

    /// Time to live of the dashboard's values, likewise
    #[arg(long, env = "REDIS_CACHE_TTL_DASHBOARD", value_name = "TTL", default_value = "30")]
    #[arg(value_parser = time_to_live)]
    pub redis_cache_ttl_dashboard: Duration,

    /// The token of moderators and operators; without one nobody is
    #[arg(long, env = "CATALOG_ADMIN_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub admin_token: Option<Secret>,

    /// Makes the three slow queries as slow as on a large database
    #[arg(long, env = "CATALOG_SIMULATE_LATENCY", value_parser = BoolishValueParser::new())]
    pub simulate_latency: bool,
}

impl Settings {
    /// Of this process.
    ///
    /// # Errors
    /// What is wrong, to be shown by [`clap::Error::exit`]; also `--help` and `--version`.
    pub fn load() -> Result<Self, clap::Error> {
        Self::from_command_line(std::env::args_os())
    }

    /// Of these words, the first of which is the program's name.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_command_line(
        words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        // A variable that is not meant for us is taken out before it is parsed.
        let command = Self::command().mut_args(|arg| match arg.get_env() {
            Some(name) if ignored(name, std::env::var_os(name).as_deref()) => arg.env(None::<&str>),
            _ => arg,
        });
        let matches = command.try_get_matches_from(words)?;
        let settings = Self::from_arg_matches(&matches)?;
        let nowhere = settings.redis_url.is_none() && settings.redis_host.is_none();
        let alone = settings.caching() && nowhere && of_a_host(&matches);
        match settings.odd().or(alone.then_some(ALONE)) {
            Some(what) => Err(Self::command().error(ErrorKind::ValueValidation, what)),
            None => Ok(settings),
        }
    }

    /// What no single value tells.
    fn odd(&self) -> Option<&'static str> {
        if self.database_pool_min > self.database_pool_max {
            Some("--database-pool-min is above --database-pool-max")
        } else if self.redis_username.is_some() && self.redis_password.is_none() {
            Some("--redis-username needs a --redis-password beside it")
        } else if self.redis_host.as_deref().is_some_and(|host| !is_host(host)) {
            Some(
                "--redis-host is a name or an address alone: the port goes into --redis-port, a \
                 whole URL into --redis-url",
            )
        } else {
            None
        }
    }

    /// Whether anything is cached.
    #[must_use]
    pub fn caching(&self) -> bool {
        self.redis_enabled && !self.no_redis
    }

    /// Where the cached values are kept.
    #[must_use]
    pub fn store_url(&self) -> Secret {
        match (&self.redis_url, &self.redis_host) {
            (Some(url), _) => url.clone(),
            (None, Some(host)) => self.url_of(host).into(),
            (None, None) => "memory://".to_owned().into(),
        }
    }

    /// The same for people: never the user or the password.
    #[must_use]
    pub fn store_place(&self) -> String {
        let url = self.store_url();
        match url.expose().split_once("://") {
            Some(("memory", _)) => "this process' memory".to_owned(),
            Some((scheme, rest)) => {
                let rest = rest.split('?').next().unwrap_or_default();
                format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or_default())
            }
            None => "none".to_owned(),
        }
    }

    fn url_of(&self, host: &str) -> String {
        let address = host.parse::<Ipv6Addr>().ok();
        let host = address.map_or_else(|| host.to_owned(), |address| format!("[{address}]"));
        let user = self.redis_username.as_deref().map(percent_encoded).unwrap_or_default();
        let password = self.redis_password.as_ref().map(|p| percent_encoded(p.expose()));
        let login = password.map(|p| format!("{user}:{p}@")).unwrap_or_default();
        format!("redis://{login}{host}:{}/{}", self.redis_port, self.redis_db)
    }

    /// The cache that these settings describe. Does no I/O.
    ///
    /// # Errors
    /// A setting that the cache does not take; the text names it and never repeats it.
    pub fn cache(&self) -> Result<Cache, Error> {
        Cache::builder()
            .enabled(self.caching())
            .url(self.store_url().expose())
            .prefix(&self.redis_prefix)
            .default_ttl(self.redis_cache_ttl)
            .ttl_setting("dashboard", self.redis_cache_ttl_dashboard)
            .build()
            .map_err(by_flag)
    }

    /// How to connect to the database.
    #[must_use]
    pub fn database(&self) -> database::Options {
        database::Options {
            url: self.database_url.clone(),
            connections: self.database_pool_min..=self.database_pool_max,
            simulate_latency: self.simulate_latency,
        }
    }
}

/// Whether somebody said what counts beside a host alone.
fn of_a_host(matches: &ArgMatches) -> bool {
    let said = |id| !matches!(matches.value_source(id), None | Some(ValueSource::DefaultValue));
    ["redis_port", "redis_db", "redis_username", "redis_password"].into_iter().any(said)
}

const ALONE: &str = "--redis-port, --redis-db, --redis-username and --redis-password count beside \
                     a --redis-host alone, which is missing";

/// As the cache reads `REDIS_CACHE_TTL`.
fn time_to_live(text: &str) -> Result<Duration, &'static str> {
    let ttl = match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    };
    ttl.filter(|ttl| !ttl.is_zero()).ok_or("whole seconds or a duration such as `5m`, above zero")
}

/// The builder names its methods, and who starts the service knows the flags.
fn by_flag(error: Error) -> Error {
    match error {
        Error::Config(why) => Error::Config(
            why.replace("url(..)", "--redis-url").replace("prefix(..)", "--redis-prefix"),
        ),
        other => other,
    }
}

/// An empty variable is one that is not set; and Kubernetes sets `REDIS_PORT=tcp://10.0.0.1:6379`
/// for a service that is called `redis`.
fn ignored(name: &OsStr, value: Option<&OsStr>) -> bool {
    let value = value.map(OsStr::to_string_lossy);
    value.is_some_and(|v| v.is_empty() || (name == "REDIS_PORT" && v.starts_with("tcp://")))
}

fn is_host(host: &str) -> bool {
    host.parse::<Ipv6Addr>().is_ok()
        || host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// For the user's part of a URL.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Settings, clap::Error> {
        Settings::from_command_line([&["catalog"], words].concat())
    }

    #[test]
    fn a_host_and_its_companions_are_a_url() {
        let url = |words: &[&str]| parsed(words).unwrap().store_url().expose().to_owned();
        assert_eq!(url(&["--redis-host", "cache"]), "redis://cache:6379/0");
        let all = ["--redis-host", "::1", "--redis-port", "7", "--redis-db", "3"];
        assert_eq!(url(&all), "redis://[::1]:7/3");
        let login = ["--redis-host", "h", "--redis-username", "a b", "--redis-password", "p@/ß"];
        assert_eq!(url(&login), "redis://a%20b:p%40%2F%C3%9F@h:6379/0");
        assert_eq!(url(&[&login[..], &["--redis-url", "redis://x"]].concat()), "redis://x");
        for odd in ["cache:6379", "redis://cache", "me@cache", "a b"] {
            assert!(parsed(&["--redis-host", odd]).is_err(), "{odd}");
        }
    }

    #[test]
    fn what_counts_beside_a_host_is_not_ignored_without_one() {
        let password = ["--redis-password", "hush"];
        for words in [&password[..], &["--redis-port", "7"], &["--redis-db", "1"]] {
            let refused = parsed(words).unwrap_err().to_string();
            assert!(refused.contains("--redis-host") && !refused.contains("hush"), "{refused}");
        }
        parsed(&[&password[..], &["--redis-host", "h"]].concat()).unwrap();
        parsed(&[&password[..], &["--no-redis"]].concat()).unwrap();
    }

    #[test]
    fn times_to_live_are_seconds_or_durations() {
        for (text, seconds) in [("60", 60), ("5m", 300), ("1h 30m", 5400)] {
            let settings = parsed(&["--redis-cache-ttl", text]).unwrap();
            assert_eq!(settings.redis_cache_ttl, Duration::from_secs(seconds));
            let settings = parsed(&["--redis-cache-ttl-dashboard", text]).unwrap();
            assert_eq!(settings.redis_cache_ttl_dashboard, Duration::from_secs(seconds));
        }
        for odd in ["0", "0s", "soon", "-5", ""] {
            assert!(parsed(&[&format!("--redis-cache-ttl={odd}")]).is_err(), "{odd}");
        }
        assert_eq!(parsed(&[]).unwrap().redis_cache_ttl_dashboard, Duration::from_secs(30));
    }

    #[test]
    fn what_the_cache_refuses_is_said_by_its_flag() {
        for (flag, value) in [("--redis-url", "http://u:hush@h"), ("--redis-prefix", "a:hush")] {
            let refused = parsed(&[flag, value]).unwrap().cache().unwrap_err().to_string();
            assert!(refused.contains(&format!(": {flag} must be ")), "{refused}");
            assert!(!refused.contains("hush"), "{refused}");
        }
    }

    #[test]
    fn no_secret_is_in_debug() {
        let secrets = ["--redis-password", "hush", "--admin-token", "hush", "--redis-url", "hush"];
        let shown = format!("{:?}", parsed(&secrets).unwrap());
        assert!(shown.contains("(hidden)") && !shown.contains("hush"), "{shown}");
    }
}
