//! The data that is cached.

use crate::Gate;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Data whose version readers return and writers raise, with a gate for each that tests close to
/// hold bodies, and readers that can be made to fail. Clones are the same data.
#[derive(Debug, Clone)]
pub struct World(Arc<Inner>);

/// What a [`World`] is made of.
#[derive(Debug)]
pub struct Inner {
    version: AtomicU64,
    pub reading: Gate,
    pub writing: Gate,
    fails: AtomicBool,
    panics: AtomicBool,
}

impl Default for World {
    /// At version 1, with open gates.
    fn default() -> Self {
        Self(Arc::new(Inner {
            version: AtomicU64::new(1),
            reading: Gate::opened(),
            writing: Gate::opened(),
            fails: AtomicBool::default(),
            panics: AtomicBool::default(),
        }))
    }
}

impl Deref for World {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// By the hand of somebody of whom no cache hears. Answers the new version.
    pub fn changes(&self) -> u64 {
        self.version.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub fn becomes(&self, version: u64) {
        self.version.store(version, Ordering::SeqCst);
    }

    /// Whether readers fail from now on.
    pub fn fails(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    /// From now on readers panic.
    pub fn panics(&self) {
        self.panics.store(true, Ordering::SeqCst);
    }

    /// How many readers have begun.
    pub fn readers(&self) -> u64 {
        self.reading.runs.count()
    }

    /// A reader's body: reads the data first and returns later, like a slow query, so that who is
    /// held has an old value.
    pub async fn read(&self) -> u64 {
        let version = self.version();
        self.reading.pass().await;
        version
    }

    /// The same, and fails if it was told to.
    pub async fn try_read(&self) -> Result<u64, String> {
        let version = self.read().await;
        assert!(!self.panics.load(Ordering::SeqCst), "as it was told to");
        if self.fails.load(Ordering::SeqCst) { Err("down".to_owned()) } else { Ok(version) }
    }

    /// A writer's body: commits first and returns later, like a slow connection.
    pub async fn commit(&self) -> u64 {
        let version = self.changes();
        self.writing.pass().await;
        version
    }
}
