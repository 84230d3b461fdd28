//! Writing down what happens, in this process and in others.

use crate::history::{Event, Key};
use rustix::time::{ClockId, clock_gettime};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The time that all processes of the machine agree on.
pub fn now() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.try_into().unwrap(), now.tv_nsec.try_into().unwrap())
}

/// Where one process writes down what it does.
#[derive(Debug)]
pub struct Recorder {
    process: u64,
    next: AtomicU64,
    /// `None`: on the standard output, for the process that started this one.
    events: Option<Mutex<Vec<(Duration, Event)>>>,
}

impl Recorder {
    pub fn here(process: u64) -> Self {
        Self { process, next: AtomicU64::new(0), events: Some(Mutex::default()) }
    }

    pub fn piped(process: u64) -> Self {
        Self { process, next: AtomicU64::new(0), events: None }
    }

    /// An id that nobody else has.
    pub fn id(&self) -> u64 {
        self.process << 32 | self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Writes down what happens now.
    pub fn note(&self, event: Event) {
        self.note_at(now(), event);
    }

    pub fn note_at(&self, at: Duration, event: Event) {
        match &self.events {
            Some(events) => events.lock().unwrap().push((at, event)),
            // The line has left when this returns: who is killed then has said it.
            None => println!("{}", serde_json::to_string(&(at, event)).unwrap()),
        }
    }

    pub fn take(&self) -> Vec<(Duration, Event)> {
        self.events.as_ref().map(|events| std::mem::take(&mut *events.lock().unwrap())).unwrap()
    }
}

/// The data that is cached: a file per key, whose length is its version, so that all processes
/// read and change it in atomic steps.
#[derive(Debug, Clone)]
pub struct Data(PathBuf);

impl Data {
    pub fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    fn file(&self, key: Key) -> File {
        let path = self.0.join(format!("{:?}-{}", key.kind, key.id));
        OpenOptions::new().append(true).create(true).open(path).unwrap()
    }

    pub fn version(&self, key: Key) -> u64 {
        self.file(key).metadata().unwrap().len()
    }

    /// Changes the data. Answers a version that it has by now.
    pub fn change(&self, key: Key) -> u64 {
        self.file(key).write_all(b"x").unwrap();
        self.version(key)
    }
}
