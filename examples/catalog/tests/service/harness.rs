//! The program as a process of its own, and the smallest client that can talk to it: one that can
//! also say what no client library would.

use cache_test_servers::{DEADLINE, eventually_blocking};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// Of moderators and operators.
pub(crate) const TOKEN: &str = "0123456789abcdef-token";

/// The program, with nothing of our environment.
pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_catalog"));
    command.env_clear().env("RUST_LOG", "error").args(args).stdin(Stdio::null());
    command
}

/// A running service; killed when dropped.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: String,
    /// What it said when it started.
    pub(crate) banner: String,
}

impl Service {
    /// On a port of its own.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::of(program(args).args(["--listen", "127.0.0.1:0", "--admin-token", TOKEN]))
    }

    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut banner = String::new();
        while let Some(Ok(line)) = lines.next() {
            let last = line.starts_with("operators");
            writeln!(banner, "{line}").unwrap();
            if last {
                break;
            }
        }
        let address = banner.lines().next().and_then(|line| line.split("http://").nth(1));
        let address = address.unwrap_or_else(|| panic!("no address: {banner:?}")).to_owned();
        Self { child, address, banner }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn send_json(&self, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], body)
    }

    pub(crate) fn as_moderator(&self, method: &str, path: &str) -> Answer {
        self.send(method, path, &[("authorization", &format!("Bearer {TOKEN}"))], "")
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nhost: catalog\r\nconnection: close\r\n");
        for (name, value) in headers {
            writeln!(head, "{name}: {value}\r").unwrap();
        }
        writeln!(head, "content-length: {}\r\n\r", body.len()).unwrap();
        self.send_raw(&[head.as_bytes(), body.as_bytes()].concat())
    }

    /// Sends a request, whose answer nobody reads.
    pub(crate) fn begin_json(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: catalog\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// These bytes and the end; the answer to the first request among them.
    pub(crate) fn send_raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        // It may have answered and gone before it has read all of it.
        let _ = stream.write_all(request);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        Answer::parse(&bytes)
    }

    /// SIGTERM, and waits for its end.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut status = None;
        eventually_blocking(DEADLINE, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, _) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let mut answer = Self {
            status: status.unwrap_or_else(|| panic!("no HTTP: {text:?}")),
            headers: headers.map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect(),
            body: String::new(),
        };
        // Behind it may be the answer to what was taken for a second request.
        let body = bytes.get(head.len() + 4..).unwrap_or_default();
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        let body = length.and_then(|length: usize| body.get(..length)).unwrap_or(body);
        answer.body = String::from_utf8_lossy(body).into_owned();
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn x_cache(&self) -> &str {
        self.header("x-cache").unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// What an error says; it must be one.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_else(|| panic!("no error: {self:?}")).to_owned()
    }
}

/// A file for a SQLite database.
pub(crate) struct Sqlite(TempDir);

impl Sqlite {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}/catalog.db", self.0.path().display())
    }
}

/// Calls `work` on a few threads until `until` has ended.
pub(crate) fn under_load(work: impl Fn(usize) + Sync, until: impl FnOnce()) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (work, done) = (&work, &done);
            scope.spawn(move || {
                let mut turn = thread;
                while !done.load(Ordering::Relaxed) {
                    work(turn);
                    turn += 4;
                }
            });
        }
        // Also when it panics, or the threads would go on.
        struct Done<'d>(&'d AtomicBool);
        impl Drop for Done<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let _done = Done(&done);
        until();
    });
}
