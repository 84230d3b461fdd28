//! The catalog itself: the real binary, on a database of its own.

use cache_test_servers::{DEADLINE, RedisServer, eventually_blocking, free_port};
use std::fs::File;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The operator's token of every service started here.
pub const TOKEN: &str = "an-operators-token-of-the-browser-tests";

/// A running catalog, killed when dropped.
pub struct Service {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Service {
    /// Starts it with these flags; without a Redis it has its embedded store.
    pub fn start(redis: Option<&RedisServer>, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_catalog"));
        for (name, _) in std::env::vars() {
            if ["REDIS_", "DATABASE_", "CATALOG_"].iter().any(|ours| name.starts_with(ours)) {
                command.env_remove(name); // what the shell has set for another service
            }
        }
        command.args(["--listen", &format!("127.0.0.1:{port}")]).args(flags);
        command.env("DATABASE_URL", format!("sqlite:{}/catalog.db", folder.path().display()));
        if let Some(redis) = redis {
            command.env("REDIS_URL", redis.url());
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap();
        let mut service = Self { child, port, folder };
        eventually_blocking(DEADLINE, || {
            if let Ok(Some(ended)) = service.child.try_wait() {
                panic!("the catalog ended with {ended}:\n{}", service.log());
            }
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        service
    }

    /// The same with an operator's token.
    pub fn with_token(redis: Option<&RedisServer>, flags: &[&str]) -> Self {
        Self::start(redis, &[flags, &["--admin-token", TOKEN]].concat())
    }

    /// Where its page is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Kills it as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("the catalog's log:\n{}", self.log());
        }
    }
}
