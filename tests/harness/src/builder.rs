//! What a [`RedisServer`] is to be.

use crate::certificates::{Authority, Certificate};
use crate::server::RedisServer;
use std::path::PathBuf;

/// What a [`RedisServer`] is to be.
#[derive(Debug, Clone, Default)]
pub struct RedisServerBuilder {
    pub(crate) args: Vec<String>,
    pub(crate) password: Option<String>,
    pub(crate) unix_socket: bool,
    pub(crate) tls: Option<Certificate>,
    pub(crate) tls_clients: Option<PathBuf>,
    pub(crate) sentinel: Option<Vec<String>>,
    pub(crate) loading: bool,
    pub(crate) proxied: bool,
    pub(crate) in_cluster: bool,
    /// Where the other nodes find it, if that is not where it is.
    pub(crate) bus: Option<u16>,
}

impl RedisServerBuilder {
    /// More arguments, such as `["--maxmemory", "1mb"]`.
    #[must_use]
    pub fn with_args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// Asks for this password (of the default user).
    #[must_use]
    pub fn requirepass(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Adds an ACL user, such as `("app", "on >secret ~shop:* +@all")`.
    #[must_use]
    pub fn acl_user(self, name: &str, rules: &str) -> Self {
        let mut args = vec!["--user", name];
        args.extend(rules.split_whitespace());
        self.with_args(&args)
    }

    /// Listens on a Unix socket in its folder too.
    #[must_use]
    pub fn unix_socket(mut self) -> Self {
        self.unix_socket = true;
        self
    }

    /// Speaks TLS on its port, and nothing else, with this certificate.
    #[must_use]
    pub fn tls(mut self, certificate: &Certificate) -> Self {
        self.tls = Some(certificate.clone());
        self
    }

    /// Wants to see a certificate of each client that this authority vouches for.
    #[must_use]
    pub fn tls_clients(mut self, authority: &Authority) -> Self {
        self.tls_clients = Some(authority.root());
        self
    }

    /// Is a sentinel, told these lines: `monitor shop 127.0.0.1 6379 2`.
    pub(crate) fn sentinel(mut self, lines: &[String]) -> Self {
        self.sentinel = Some(lines.to_vec());
        self
    }

    /// Does not wait for the server to answer commands when it is started: it listens, and may
    /// still be loading.
    #[must_use]
    pub fn may_be_loading(mut self) -> Self {
        self.loading = true;
        self
    }

    /// Stands behind a [`FaultProxy`](crate::FaultProxy), which its clients take for it:
    /// [`RedisServer::network`].
    #[must_use]
    pub fn proxied(mut self) -> Self {
        self.proxied = true;
        self
    }

    /// Is to be a node of a cluster, and says to others where its clients find it.
    pub(crate) fn in_cluster(mut self) -> Self {
        self.in_cluster = true;
        self
    }

    /// Says to other nodes that they find it at `bus`, and comes to them from `address`.
    pub(crate) fn on_bus(mut self, bus: u16, address: &str) -> Self {
        self.bus = Some(bus);
        let bus = bus.to_string();
        let args = ["--cluster-announce-bus-port", &bus, "--bind-source-addr", address];
        // Who comes from there is a stranger to Redis.
        self.with_args(&args).with_args(&["--protected-mode", "no"])
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// If there is no `redis-server` on the path, or it does not answer in time.
    pub fn start(self) -> RedisServer {
        RedisServer::of(self)
    }
}
