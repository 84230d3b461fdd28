//! Which `redis-server` the tests run.

use std::process::Command;
use std::sync::OnceLock;

/// Names another one than that on the path: a Redis or a Valkey of another version.
const VARIABLE: &str = "TEST_REDIS_SERVER";

/// A `redis-server`, or what calls itself otherwise and is one.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) path: String,
    version: (u32, u32),
}

impl Program {
    /// The one of this run.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub(crate) fn get() -> &'static Self {
        static PROGRAM: OnceLock<Program> = OnceLock::new();
        PROGRAM.get_or_init(|| {
            let path = std::env::var(VARIABLE).unwrap_or_else(|_| "redis-server".to_owned());
            let output = Command::new(&path).arg("--version").output();
            let output = output.unwrap_or_else(|error| panic!("there must be a `{path}`: {error}"));
            let said = String::from_utf8_lossy(&output.stdout);
            let version = said.split("v=").nth(1).and_then(|text| {
                let mut numbers = text.split('.').map_while(|number| number.parse().ok());
                Some((numbers.next()?, numbers.next()?))
            });
            let version = version.unwrap_or_else(|| panic!("`{path}` says: {said}"));
            Self { path, version }
        })
    }

    /// Whether `DEBUG` has to be permitted.
    pub(crate) fn permits_debug(&self) -> bool {
        self.version >= (7, 0)
    }
}

/// Whether the tests run on this version or a later one, for those that are about what is new in it.
pub fn is_since(major: u32, minor: u32) -> bool {
    Program::get().version >= (major, minor)
}
