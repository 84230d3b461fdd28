//! A real `redis-server`, one's own.

use crate::builder::RedisServerBuilder;
use crate::certificates::Certificate;
use crate::poll::{DEADLINE, eventually_blocking};
use crate::program::Program;
use crate::proxy::FaultProxy;
use crate::watch;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Set, it puts a network in front of every server, so that each scenario is also seen through one.
const THROUGH_PROXY: &str = "TEST_THROUGH_PROXY";

/// From a node's port to that on which the nodes of its cluster talk to each other.
pub(crate) const BUS: u16 = 10_000;

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A `redis-server` with a port and a folder of its own; killed when dropped.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    child: Option<Child>,
    stalled: AtomicBool,
    /// What its clients take for it, if it stands behind one.
    proxy: Option<FaultProxy>,
    folder: TempDir,
    builder: RedisServerBuilder,
}

impl RedisServer {
    /// Starts one that keeps nothing on disk.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Starts one with more arguments.
    pub fn with_args(args: &[&str]) -> Self {
        Self::builder().with_args(args).start()
    }

    /// What it is to be.
    pub fn builder() -> RedisServerBuilder {
        RedisServerBuilder::default()
    }

    pub(crate) fn of(builder: RedisServerBuilder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let behind_one = builder.proxied || std::env::var_os(THROUGH_PROXY).is_some();
        let proxied = behind_one && builder.sentinel.is_none();
        // Before the server, which may have to say where its clients find it.
        let proxy = proxied.then(|| FaultProxy::start(0));
        let mut server =
            Self { port: 0, child: None, stalled: AtomicBool::new(false), proxy, folder, builder };
        // Between finding a free port and the server's bind somebody else may take it.
        for _ in 0..5 {
            server.port = server.usable_port();
            if let Some(proxy) = &server.proxy {
                proxy.lead_to(server.port);
            }
            if server.launch() {
                return server;
            }
        }
        panic!("redis-server found no port of its own");
    }

    /// A free one; of a node of a cluster that has room for its second port.
    fn usable_port(&self) -> u16 {
        loop {
            let port = free_port();
            if !self.builder.in_cluster || port.checked_add(BUS).is_some() {
                return port;
            }
        }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.proxy.as_ref().map_or(self.port, FaultProxy::port)
    }

    /// Its own port, behind whatever network there is.
    pub(crate) fn direct_port(&self) -> u16 {
        self.port
    }

    /// Where the other nodes of its cluster find it.
    pub(crate) fn bus_port(&self) -> u16 {
        self.builder.bus.unwrap_or(self.port + BUS)
    }

    /// Where the nodes of its cluster say that it is, to whom they speak without TLS.
    pub(crate) fn told_port(&self) -> u16 {
        if self.builder.tls.is_some() { self.plain_port() } else { self.port() }
    }

    /// The network in front of it.
    ///
    /// # Panics
    ///
    /// If it is not [`proxied`](RedisServerBuilder::proxied).
    pub fn network(&self) -> &FaultProxy {
        self.proxy.as_ref().expect("it stands behind no proxy")
    }

    /// Whether it is neither killed nor stopped.
    pub fn is_up(&self) -> bool {
        self.child.is_some() && !self.stalled.load(Ordering::SeqCst)
    }

    /// What it asks for, of the default user; empty: nothing.
    pub(crate) fn password(&self) -> &str {
        self.builder.password.as_deref().unwrap_or("")
    }

    /// `127.0.0.1:port`, as the cache's log says it.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// Its URL, without a password.
    pub fn url(&self) -> String {
        let scheme = if self.builder.tls.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://{}", self.address())
    }

    /// Its Unix socket, if it was asked for.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Kills it as a crash would: SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
            watch::ended(child.id());
        }
        self.stalled.store(false, Ordering::SeqCst);
    }

    /// Starts it again on the same port and folder.
    ///
    /// # Panics
    ///
    /// If it does not answer in time.
    pub fn restart(&mut self) {
        self.kill();
        let begun = Instant::now();
        while !self.launch() {
            assert!(begun.elapsed() < DEADLINE, "redis-server does not start on its port again");
        }
    }

    /// Stalls it: SIGSTOP. Its port still takes connections.
    pub fn stop(&self) {
        self.stalled.store(true, Ordering::SeqCst);
        self.signal("-STOP");
        // The signal has arrived when the system says so, not when `kill` returns.
        eventually_blocking(DEADLINE, || self.stopped());
    }

    /// Lets it go on: SIGCONT.
    pub fn cont(&self) {
        self.signal("-CONT");
        self.stalled.store(false, Ordering::SeqCst);
    }

    /// Sends a command of the test's own, on a connection of its own.
    ///
    /// # Panics
    ///
    /// If the server refuses it, or does not answer in time.
    pub fn command<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        self.try_command(command).unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    /// The same, for commands that may be refused.
    pub fn try_command<T: redis::FromRedisValue>(&self, words: &[&str]) -> redis::RedisResult<T> {
        let mut connection = self.connection()?;
        let mut command = redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(*word);
        }
        command.query(&mut connection)
    }

    /// A plain connection, with a deadline for each command.
    pub fn connection(&self) -> redis::RedisResult<redis::Connection> {
        let mut info =
            redis::IntoConnectionInfo::into_connection_info(("127.0.0.1", self.plain_port()))?;
        if let Some(password) = &self.builder.password {
            let settings = info.redis_settings().clone().set_password(password);
            info = info.set_redis_settings(settings);
        }
        let client = redis::Client::open(info)?;
        let connection = client.get_connection_with_timeout(DEADLINE)?;
        connection.set_read_timeout(Some(DEADLINE))?;
        connection.set_write_timeout(Some(DEADLINE))?;
        Ok(connection)
    }

    /// `CONFIG SET`.
    pub fn config_set(&self, name: &str, value: &str) {
        self.command::<()>(&["CONFIG", "SET", name, value]);
    }

    /// Shows this certificate from now on.
    pub fn tls_certificate(&self, certificate: &Certificate) {
        let (file, key) = (certificate.file.to_string_lossy(), certificate.key.to_string_lossy());
        // Together: neither is of use without the other.
        self.command::<()>(&["CONFIG", "SET", "tls-cert-file", &file, "tls-key-file", &key]);
    }

    /// Makes it a read-only replica of `other`, or a primary again.
    pub fn replica_of(&self, other: Option<&RedisServer>) {
        match other {
            Some(other) => {
                self.command::<()>(&["REPLICAOF", "127.0.0.1", &other.port.to_string()]);
            }
            None => self.command(&["REPLICAOF", "NO", "ONE"]),
        }
    }

    /// How many connections of others it has (not the one that asks).
    pub fn clients(&self) -> usize {
        let list: String = self.command(&["CLIENT", "LIST"]);
        // Before Redis 7 the command has no second part.
        let asks = |line: &&str| line.contains("cmd=client|list") || line.contains("cmd=client ");
        list.lines().filter(|line| !asks(line)).count()
    }

    /// How often it has run a command, which is named in lower case; those of scripts count.
    pub fn calls(&self, command: &str) -> u64 {
        let stats: String = self.command(&["INFO", "commandstats"]);
        let name = format!("cmdstat_{command}:calls=");
        let calls = stats.lines().find_map(|line| line.strip_prefix(&name)?.split(',').next());
        calls.map_or(0, |calls| calls.parse().unwrap())
    }

    /// With TLS on its port, the test's own commands take a second one.
    fn plain_port(&self) -> u16 {
        if self.builder.tls.is_none() {
            return self.port;
        }
        let file = self.folder.path().join("plain-port");
        std::fs::read_to_string(file).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// Starts the process and waits for it; false if it could not have its port.
    fn launch(&mut self) -> bool {
        let (folder, port) = (self.folder.path().to_owned(), self.port.to_string());
        let mut command = Command::new(&Program::get().path);
        if let Some(lines) = &self.builder.sentinel {
            // It writes there what it has learned.
            let lines: String = lines.iter().map(|line| format!("sentinel {line}\n")).collect();
            std::fs::write(folder.join("sentinel.conf"), lines).unwrap();
            command.arg(folder.join("sentinel.conf")).arg("--sentinel");
        } else {
            command.args(["--save", "", "--appendonly", "no"]);
            if Program::get().permits_debug() {
                command.args(["--enable-debug-command", "yes"]);
            }
        }
        command.args(["--bind", "127.0.0.1", "--dir"]).arg(&folder);
        if let Some(certificate) = &self.builder.tls {
            let plain = free_port().to_string();
            std::fs::write(folder.join("plain-port"), &plain).unwrap();
            command.args(["--port", &plain, "--tls-port", &port, "--tls-auth-clients"]);
            match &self.builder.tls_clients {
                Some(root) => command.args(["yes", "--tls-ca-cert-file"]).arg(root),
                None => command.arg("no"),
            };
            command.arg("--tls-cert-file").arg(&certificate.file);
            command.arg("--tls-key-file").arg(&certificate.key);
        } else {
            command.args(["--port", &port]);
        }
        if let Some(password) = &self.builder.password {
            command.args(["--requirepass", password]);
        }
        if self.builder.in_cluster {
            command.args(["--masterauth", self.password()]);
            let port = self.port().to_string();
            command.args(["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"]);
            command.args(["--cluster-announce-port", &port]);
        }
        if self.builder.unix_socket {
            command.arg("--unixsocket").arg(self.socket());
        }
        command.args(&self.builder.args);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        let pid = child.id();
        watch::started(pid);
        self.child = Some(child);
        let begun = Instant::now();
        loop {
            if self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None))) {
                self.kill();
                return false;
            }
            // Whoever answers must be ours and not the one that has our port.
            match self.try_command::<String>(&["INFO", "server"]) {
                Ok(info) if info.contains(&format!("process_id:{pid}\r\n")) => return true,
                Err(error) if self.builder.loading && error.code() == Some("LOADING") => {
                    return true;
                }
                _ => {}
            }
            assert!(begun.elapsed() < DEADLINE, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    fn signal(&self, signal: &str) {
        let Some(child) = &self.child else { return };
        let done = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(done.is_ok_and(|status| status.success()), "kill {signal}");
    }

    fn stopped(&self) -> bool {
        let Some(child) = &self.child else { return true };
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id()));
        // Where there is no /proc the signal is believed.
        stat.map_or(true, |stat| stat.rsplit(')').next().is_some_and(|s| s.starts_with(" T")))
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
