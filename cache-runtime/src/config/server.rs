//! How a Redis is reached: what the URL, the builder and the environment say of it together.

use redis::{ConnectionAddr, ConnectionInfo, RedisConnectionInfo};
use std::fmt;
#[cfg(feature = "tls")]
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

/// A Redis. `Debug` shows neither user nor password.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) place: ConnectionAddr,
    /// Who we are to it, and its database.
    pub(crate) login: RedisConnectionInfo,
    /// Asked for the password instead, whenever somebody connects.
    pub(crate) password: Option<Password>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Tls,
}

/// The files of a connection by TLS, in PEM. They are read whenever somebody connects, since they
/// are replaced while programs run.
#[cfg(feature = "tls")]
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
        matches!(self.place, ConnectionAddr::TcpTls { .. })
    }

    /// Where it is, for people.
    pub(crate) fn address(&self) -> String {
        let db = self.login.db();
        match &self.place {
            ConnectionAddr::Unix(path) => format!("{} db {db}", path.display()),
            address => format!("{address}/{db}"),
        }
    }
}

impl From<ConnectionInfo> for Server {
    fn from(info: ConnectionInfo) -> Self {
        Self {
            place: info.addr().clone(),
            login: info.redis_settings().clone(),
            password: None,
            #[cfg(feature = "tls")]
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
