//! Where to: the URL, or host and port, and what they point to.

use super::cluster::cluster;
use super::environment::{Environment, malformed};
use super::sentinels::sentinels;
use super::server::Server;
use super::url::server;
use crate::error::Error;
use redis::{ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo};
use std::fmt;

/// Redis' own port.
const PORT: u16 = 6379;

/// What a cache keeps its values in.
#[derive(Clone)]
pub(crate) enum Target {
    /// A Redis server.
    Redis(Box<Server>),
    /// This process.
    Memory(Bounds),
    /// Nothing.
    Disabled(Off),
}

/// How much a `memory://` store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Bytes of keys, values and their bookkeeping.
    pub(crate) bytes: usize,
    /// Number of keys.
    pub(crate) entries: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: 64 * 1024 * 1024, entries: 100_000 }
    }
}

/// Why caching is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Off {
    /// Neither a URL, nor a host, nor `REDIS_ENABLED`: said at WARN, since it may be an oversight.
    NotConfigured,
    /// `REDIS_ENABLED=false`, or the builder's `enabled(false)`.
    Setting,
    /// `disabled://`.
    Url,
}

impl Target {
    /// What a URL points to. `setting` is who said it, for the errors; a password that is `asked`
    /// for later need not be in it.
    pub(super) fn from_url(url: &str, setting: &str, asked: bool) -> Result<Self, Error> {
        let Some((scheme, rest)) = url.trim().split_once("://") else {
            return Err(malformed(setting, "a URL such as `redis://127.0.0.1:6379`"));
        };
        match scheme.to_ascii_lowercase().as_str() {
            scheme @ ("rediss" | "rediss-sentinel" | "rediss-cluster")
                if !cfg!(feature = "tls") =>
            {
                Err(Error::Config(format!(
                    "{setting}: `{scheme}://` needs the feature `tls` of the crate `cache-runtime`"
                )))
            }
            scheme @ ("redis" | "rediss" | "redis+unix") => {
                Ok(Self::Redis(Box::new(server(url.trim(), scheme, setting, asked)?)))
            }
            scheme @ ("redis-sentinel" | "rediss-sentinel") => {
                Ok(Self::Redis(Box::new(sentinels(url.trim(), scheme, setting, asked)?)))
            }
            scheme @ ("redis-cluster" | "rediss-cluster") => {
                Ok(Self::Redis(Box::new(cluster(url.trim(), scheme, setting, asked)?)))
            }
            "memory" => memory(rest, setting),
            "disabled" => Ok(Self::Disabled(Off::Url)),
            _ => Err(malformed(
                setting,
                "a URL that begins with `redis://`, `rediss://`, `redis+unix://`, \
                 `redis-cluster://`, `rediss-cluster://`, `redis-sentinel://`, \
                 `rediss-sentinel://`, `memory://` or `disabled://`",
            )),
        }
    }

    /// What `REDIS_HOST` and its companions point to; `None` without a host.
    pub(super) fn from_host(env: Environment<'_>, asked: bool) -> Result<Option<Self>, Error> {
        env.text("REDIS_HOST").map(|host| Self::at_host(&host, env, asked)).transpose()
    }

    /// `host` with what the environment says of port, database and user.
    pub(super) fn at_host(host: &str, env: Environment<'_>, asked: bool) -> Result<Self, Error> {
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        let address = bare.parse::<std::net::Ipv6Addr>().is_ok();
        if !address && bare.contains(|c: char| "/:@[]?#".contains(c) || c.is_whitespace()) {
            let expected = "a host's name or address alone; the port goes into REDIS_PORT, a \
                            whole URL into REDIS_URL";
            return Err(malformed("REDIS_HOST", expected));
        }
        let port = env.port("REDIS_PORT")?.unwrap_or(PORT);
        let mut settings =
            RedisConnectionInfo::default().set_db(env.database("REDIS_DB")?.unwrap_or(0));
        let (user, password) = (env.text("REDIS_USERNAME"), env.secret("REDIS_PASSWORD"));
        if user.is_some() && password.is_none() && !asked {
            return Err(Error::Config("REDIS_USERNAME needs a REDIS_PASSWORD beside it".into()));
        }
        if let Some(user) = user {
            settings = settings.set_username(user);
        }
        if let Some(password) = password {
            settings = settings.set_password(password);
        }
        let server = ConnectionAddr::Tcp(bare.to_owned(), port).into_connection_info();
        let server = server.map_err(|_| malformed("REDIS_HOST", "a host's name or address"))?;
        Ok(Self::Redis(Box::new(server.set_redis_settings(settings).into())))
    }
}

/// `memory://?max_bytes=64mb&max_entries=100000`.
fn memory(rest: &str, setting: &str) -> Result<Target, Error> {
    let odd = || malformed(setting, "of the form `memory://[?max_bytes=64mb&max_entries=100000]`");
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !place.trim_matches('/').is_empty() {
        return Err(odd());
    }
    let mut bounds = Bounds::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("max_bytes", text)) => bounds.bytes = bytes(text).ok_or_else(odd)?,
            Some(("max_entries", text)) => {
                bounds.entries = text.parse().ok().filter(|n| *n > 0).ok_or_else(odd)?;
            }
            _ => return Err(odd()),
        }
    }
    Ok(Target::Memory(bounds))
}

/// A size as people write it: `500`, `64kb`, `64mb`, `1gb` (of 1024 each).
fn bytes(text: &str) -> Option<usize> {
    let text = text.to_ascii_lowercase();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit: usize = match text.get(digits.len()..)? {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(unit).filter(|bytes| *bytes > 0)
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redis(server) => write!(f, "Redis({server:?})"),
            Self::Memory(bounds) => f.debug_tuple("Memory").field(bounds).finish(),
            Self::Disabled(why) => f.debug_tuple("Disabled").field(why).finish(),
        }
    }
}
