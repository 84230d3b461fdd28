//! A real PostgreSQL, one's own.

use crate::poll::{DEADLINE, eventually_blocking};
use crate::server::free_port;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The user of its databases.
const USER: &str = "catalog";

/// A PostgreSQL with a port and a folder of its own; ended when dropped. It sorts texts as English
/// people do and not by their bytes, as a server in the field may.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    child: Child,
    binaries: PathBuf,
    _folder: TempDir,
}

impl Postgres {
    /// Starts one that keeps nothing for long.
    ///
    /// # Panics
    ///
    /// If PostgreSQL is not installed, or does not start in time.
    pub fn start() -> Self {
        let binaries = binaries();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        initialise(&binaries, folder.path(), &data);
        // Between finding a free port and the server's bind somebody else may take it.
        for _ in 0..5 {
            let port = free_port();
            let mut command = unprivileged(&binaries.join("postgres"), folder.path());
            command.arg("-D").arg(&data).args(["-p", &port.to_string()]);
            for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"] {
                command.args(["-c", setting]);
            }
            let mut child = command.spawn().unwrap();
            let begun = Instant::now();
            while matches!(child.try_wait(), Ok(None)) {
                if answers(&binaries, port) {
                    return Self { port, child, binaries, _folder: folder };
                }
                assert!(begun.elapsed() < DEADLINE, "PostgreSQL does not answer");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        panic!("PostgreSQL does not start");
    }

    /// Makes a database; answers its URL.
    ///
    /// # Panics
    ///
    /// If there is one of that name.
    pub fn database(&self, name: &str) -> String {
        let port = self.port.to_string();
        let done = Command::new(self.binaries.join("createdb"))
            .args(["-h", "127.0.0.1", "-p", &port, "-U", USER, name])
            .status();
        assert!(done.is_ok_and(|status| status.success()), "createdb {name}");
        format!("postgres://{USER}@127.0.0.1:{port}/{name}")
    }

    /// Runs the statements of a file in a database, all of them or none.
    ///
    /// # Panics
    ///
    /// If one of them fails.
    pub fn run_file(&self, url: &str, file: &Path) {
        let done = Command::new(self.binaries.join("psql"))
            .args(["-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", url, "-f"])
            .arg(file)
            .status();
        assert!(done.is_ok_and(|status| status.success()), "psql -f {}", file.display());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGQUIT: it ends its processes and itself, without tidying up.
        let _ = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// Debian keeps them off the path; others do not.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    let newest = folders.filter(|folder| folder.join("initdb").exists()).max();
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest
        .or_else(|| std::env::split_paths(&path).find(|folder| folder.join("initdb").exists()))
        .expect("PostgreSQL must be installed (Debian: `apt-get install postgresql`)")
}

/// A command that is not run as root, whom PostgreSQL refuses; `folder` is its user's then.
fn unprivileged(program: &Path, folder: &Path) -> Command {
    use std::os::unix::fs::chown;
    use std::os::unix::process::CommandExt;

    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if id(&["-u"]) == 0 {
        let (user, group) = (id(&["-u", "postgres"]), id(&["-g", "postgres"]));
        chown(folder, Some(user), Some(group)).unwrap();
        command.uid(user).gid(group);
    }
    command
}

/// What `id` says of a user.
fn id(args: &[&str]) -> u32 {
    let output = Command::new("id").args(args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().parse().unwrap_or_else(|_| panic!("id {args:?}: there must be such a user"))
}

fn initialise(binaries: &Path, folder: &Path, data: &Path) {
    let mut command = unprivileged(&binaries.join("initdb"), folder);
    command.arg("-D").arg(data).args(["-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8"]);
    command.args(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en"]);
    let mut child = command.spawn().unwrap();
    let mut status = None;
    eventually_blocking(DEADLINE, || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert!(status.is_some_and(|status| status.success()), "initdb failed");
}

fn answers(binaries: &Path, port: u16) -> bool {
    Command::new(binaries.join("pg_isready"))
        .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
        .status()
        .is_ok_and(|status| status.success())
}
