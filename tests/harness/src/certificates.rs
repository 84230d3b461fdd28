//! Certificates for TLS, made by `openssl`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// Somebody who vouches for certificates. The files go with it.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
    issued: AtomicUsize,
}

/// A certificate, and what proves that it is one's own.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The file of the certificate.
    pub file: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
}

impl Authority {
    /// One that nobody knows yet.
    ///
    /// # Panics
    ///
    /// If there is no `openssl` on the path.
    #[allow(clippy::new_without_default)] // it starts processes
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = request(&folder.path().join("root-key.pem"));
        // Each has a name of its own: of two that are alike the wrong one would be tried.
        let name = folder.path().file_name().unwrap().to_string_lossy().into_owned();
        let name = format!("/CN=Authority {name}");
        command.args(["-x509", "-days", "2", "-subj", &name, "-out"]);
        run(command.arg(folder.path().join("root.pem")));
        Self { folder, issued: AtomicUsize::new(0) }
    }

    /// The certificate that those have who trust it.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// A certificate for a name, such as `IP:127.0.0.1` or `DNS:localhost`.
    pub fn issue(&self, name: &str) -> Certificate {
        self.issue_for(name, 2)
    }

    /// One that is over: it has ended before it began.
    pub fn issue_expired(&self, name: &str) -> Certificate {
        self.issue_for(name, -1)
    }

    fn issue_for(&self, name: &str, days: i32) -> Certificate {
        let n = self.issued.fetch_add(1, Ordering::Relaxed);
        let file = |what: &str| self.folder.path().join(format!("{n}-{what}.pem"));
        let (asked, issued) =
            (file("request"), Certificate { file: file("certificate"), key: file("key") });
        let mut command = request(&issued.key);
        command.args(["-subj", "/CN=Somebody", "-addext", &format!("subjectAltName={name}")]);
        run(command.args(["-addext", "basicConstraints=critical,CA:FALSE", "-out"]).arg(&asked));
        let mut command = Command::new("openssl");
        command.args(["x509", "-req", "-copy_extensions", "copyall", "-in"]).arg(&asked);
        command
            .arg("-CA")
            .arg(self.root())
            .arg("-CAkey")
            .arg(self.folder.path().join("root-key.pem"));
        run(command.args(["-days", &days.to_string(), "-out"]).arg(&issued.file));
        issued
    }
}

/// What asks for a certificate, and makes its key.
fn request(key: &Path) -> Command {
    let mut command = Command::new("openssl");
    command.args(["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command.arg("-keyout").arg(key);
    command
}

fn run(command: &mut Command) {
    let done = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "{command:?}");
}
