//! Crates that are written, built and measured: a Cargo workspace of its own under `target`, so
//! that its dependencies are built once, in the versions that the checkout's `Cargo.lock` has.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What every generated crate depends on: the same for all, so that none is built by itself.
const DEPENDENCIES: &str = r#"
redis = { version = "1", default-features = false, features = ["tokio-comp"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
tokio = { version = "1", features = ["rt", "sync"] }
tracing = { version = "0.1", default-features = false, features = ["attributes", "std"] }
"#;

/// A library and a program that uses it; or only a program.
#[derive(Debug)]
pub(crate) struct Sources {
    /// No name may begin like another one and go on with a dash: `cargo clean` would take both.
    pub(crate) name: String,
    pub(crate) library: Option<String>,
    pub(crate) program: String,
}

/// How a crate is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
}

impl Profile {
    /// Of Cargo's folder of what it built.
    fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Debug => "dev",
            Self::Release => "release",
        }
    }
}

/// The workspace.
#[derive(Debug)]
pub(crate) struct Generated {
    folder: PathBuf,
}

impl Generated {
    /// Writes `crates`, which use the `cache-runtime` of `checkout`, into the folder `name`.
    pub(crate) fn write(name: &str, checkout: &Path, crates: &[Sources]) -> Self {
        let folder = own_checkout().join("target/generated").join(name);
        let checkout = checkout.canonicalize().expect("the path of a checkout");
        write(&folder.join("Cargo.toml"), &workspace(crates));
        std::fs::copy(checkout.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        for sources in crates {
            let folder = folder.join(&sources.name);
            write(&folder.join("Cargo.toml"), &manifest(&sources.name, &checkout));
            write(&folder.join("src/main.rs"), &sources.program);
            if let Some(library) = &sources.library {
                write(&folder.join("src/lib.rs"), library);
            }
        }
        Self { folder }
    }

    /// Builds the library and the program of one crate anew, after its dependencies; answers the
    /// seconds of CPU time that this took, in user and system mode and with the linker's.
    pub(crate) fn build(&self, name: &str, profile: Profile) -> f64 {
        self.cargo("clean", name, profile);
        let seconds = self.cargo("build", name, profile);
        // A second time there is nothing to do: that is what Cargo itself takes.
        seconds - self.cargo("build", name, profile)
    }

    /// Where the program of a crate is.
    pub(crate) fn program(&self, name: &str, profile: Profile) -> PathBuf {
        self.folder.join("target").join(profile.folder()).join(name)
    }

    fn cargo(&self, verb: &str, name: &str, profile: Profile) -> f64 {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.current_dir(&self.folder).args([verb, "--offline", "--quiet", "--package", name]);
        cargo.args(["--profile", profile.name(), "--target-dir", "target"]);
        // A compiler's cache would be measured in the compiler's place.
        cargo.env_remove("RUSTC_WRAPPER").env_remove("CARGO_INCREMENTAL");
        let before = cpu_of_children();
        run(&mut cargo);
        cpu_of_children() - before
    }
}

/// The checkout that this program was built from.
pub(crate) fn own_checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Runs a program that must succeed.
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    output
}

fn workspace(crates: &[Sources]) -> String {
    let mut text = "[workspace]\nresolver = \"3\"\nmembers = [\n".to_owned();
    for sources in crates {
        writeln!(text, "    {:?},", sources.name).unwrap();
    }
    text + "]\n"
}

fn manifest(name: &str, checkout: &Path) -> String {
    let runtime = checkout.join("cache-runtime");
    format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\ncache-runtime = {{ path = {runtime:?} }}{DEPENDENCIES}"
    )
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Seconds that all ended children of this process have run, and their children.
fn cpu_of_children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux' /proc");
    // The fields `cutime` and `cstime` of proc_pid_stat(5), counted from behind the name.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = fields.split(' ').skip(13).take(2).map(|ticks| ticks.parse::<u32>().unwrap());
    #[allow(clippy::cast_precision_loss)] // a hundred
    let second = rustix::param::clock_ticks_per_second() as f64;
    f64::from(ticks.sum::<u32>()) / second
}
