//! How a Redis is reached: what the URL, the builder and the environment say of it together.

use redis::{ConnectionAddr, ConnectionInfo, RedisConnectionInfo};
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

/// A Redis. `Debug` shows neither user nor password.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) place: Place,
    /// Who we are to it, and its database.
    pub(crate) login: RedisConnectionInfo,
    /// Asked for the password instead, whenever somebody connects.
    pub(crate) password: Option<Password>,
    pub(crate) tls: Tls,
}

/// Where it is.
#[derive(Clone)]
pub(crate) enum Place {
    /// There.
    Server(ConnectionAddr),
    /// Where these say.
    Primary(Sentinels),
    /// On several servers, which all know of each other; some of them are these.
    Cluster(Vec<ConnectionAddr>),
    /// There, and it is one of a cluster's.
    Member(ConnectionAddr),
}

/// Those who know where a primary is.
#[derive(Clone)]
pub(crate) struct Sentinels {
    pub(crate) addresses: Vec<ConnectionAddr>,
    /// Who we are to them.
    pub(crate) login: RedisConnectionInfo,
    /// The name that they have for it.
    pub(crate) primary: String,
}

/// The files of a connection by TLS, in PEM. They are read whenever somebody connects, since they
/// are replaced while programs run.
#[cfg_attr(not(feature = "tls"), allow(dead_code))] // who reads them is not there then
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tls {
    /// The roots that are trusted, instead of the platform's.
    pub(crate) ca: Option<PathBuf>,
    /// The certificate that says who we are, and its key.
    pub(crate) client: Option<(PathBuf, PathBuf)>,
}

/// The answer to the question for a password: it, or why there is none.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

/// Who knows a password that changes.
#[derive(Clone)]
pub(crate) struct Password(Arc<dyn Fn() -> Answer + Send + Sync>);

impl Password {
    pub(super) fn new(ask: impl Fn() -> Answer + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    pub(crate) fn ask(&self) -> Answer {
        (self.0)()
    }
}

impl Server {
    /// Whether the connection is encrypted.
    pub(crate) fn is_tls(&self) -> bool {
        let tls = |address: &_| matches!(address, ConnectionAddr::TcpTls { .. });
        match &self.place {
            Place::Server(address) | Place::Member(address) => tls(address),
            Place::Primary(sentinels) => sentinels.addresses.iter().any(tls),
            Place::Cluster(seeds) => seeds.iter().any(tls),
        }
    }

    /// Where it is, for people.
    pub(crate) fn address(&self) -> String {
        let db = self.login.db();
        match &self.place {
            Place::Server(ConnectionAddr::Unix(path)) => format!("{} db {db}", path.display()),
            Place::Server(address) => format!("{address}/{db}"),
            Place::Primary(Sentinels { addresses, primary, .. }) => {
                format!("{primary}@{}/{db}", list(addresses))
            }
            Place::Cluster(seeds) => format!("cluster@{}", list(seeds)),
            Place::Member(address) => address.to_string(),
        }
    }

    /// The node of this cluster that is at `address`.
    pub(crate) fn member(&self, address: ConnectionAddr) -> Self {
        Self { place: Place::Member(address), ..self.clone() }
    }
}

fn list(addresses: &[ConnectionAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

impl From<ConnectionInfo> for Server {
    fn from(info: ConnectionInfo) -> Self {
        Self {
            place: Place::Server(info.addr().clone()),
            login: info.redis_settings().clone(),
            password: None,
            tls: Tls::default(),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("asked for")
    }
}
