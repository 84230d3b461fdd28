//! What the cache logged, as text.

use std::fmt::Write as _;
use std::sync::{Mutex, Once, PoisonError};
use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Lines of all tests of this process; which are whose is told by what they say.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static INSTALL: Once = Once::new();
/// A test that logs more than this has found a bug of its own kind.
const MOST_LINES: usize = 200_000;

/// The events of the target `cache_runtime` that mention one test's server.
///
/// There is one global subscriber per process, since events come from tasks and threads that
/// are nobody's in particular; each test picks its own by a text that no other has, such as its
/// server's address (every event about a server says it) or a prefix of its own.
#[derive(Debug, Clone)]
pub struct Logs {
    marker: String,
    from: usize,
}

impl Logs {
    /// From now on, what mentions `marker`. Call it before what is to be seen.
    pub fn capture(marker: impl Into<String>) -> Self {
        INSTALL.call_once(|| {
            // Somebody else's subscriber would leave us without lines: the tests then say so.
            let _ = tracing_subscriber::registry().with(Collect).try_init();
        });
        Self { marker: marker.into(), from: lines(|all| all.len()) }
    }

    /// The lines so far: `WARN message field=value …`.
    pub fn lines(&self) -> Vec<String> {
        lines(|all| {
            let new = all.iter().skip(self.from);
            new.filter(|line| line.contains(&self.marker)).cloned().collect()
        })
    }

    /// How many lines are of `level` (`WARN`, `INFO`, …).
    pub fn count(&self, level: &str) -> usize {
        self.lines().iter().filter(|line| line.starts_with(level)).count()
    }

    /// Whether any line at all, of any test, holds `text`: for passwords.
    pub fn anywhere(text: &str) -> bool {
        lines(|all| all.iter().any(|line| line.contains(text)))
    }
}

fn lines<T>(read: impl FnOnce(&mut Vec<String>) -> T) -> T {
    read(&mut LINES.lock().unwrap_or_else(PoisonError::into_inner))
}

struct Collect;

impl<S: tracing::Subscriber> Layer<S> for Collect {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if !metadata.target().starts_with("cache_runtime") {
            return;
        }
        let mut line = Line(metadata.level().to_string());
        event.record(&mut line);
        lines(|all| {
            if all.len() < MOST_LINES {
                all.push(line.0);
            }
        });
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
