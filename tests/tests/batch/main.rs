//! Functions of many keys: one look for all, one body for those that are missing, and the entries
//! of the single function.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod around;
mod errors;
mod failing;
mod flights;
mod members;
mod messages;
mod outage;
mod own_tags;
mod shared;
mod tags;
mod when;

use cache_runtime::redis_cache;
use cache_tests::Gate;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The data: each id has a value at the version of the table, but for those that are missing.
#[derive(Clone)]
struct Table(Arc<Data>);

struct Data {
    version: AtomicU64,
    fails: AtomicBool,
    panics: AtomicBool,
    /// What bodies were run for, in order.
    asked: Mutex<Vec<Vec<u64>>>,
    /// Where bodies wait that have read already.
    gate: Gate,
}

/// There are no rows from here on.
const MISSING: u64 = 1_000_000;

impl Table {
    fn new() -> Self {
        Self(Arc::new(Data {
            version: AtomicU64::new(1),
            fails: AtomicBool::default(),
            panics: AtomicBool::default(),
            asked: Mutex::default(),
            gate: Gate::opened(),
        }))
    }

    /// With bodies that wait at the gate.
    fn closed() -> Self {
        let table = Self::new();
        table.gate().close();
        table
    }

    fn gate(&self) -> &Gate {
        &self.0.gate
    }

    fn changes(&self) {
        self.0.version.fetch_add(1, Ordering::SeqCst);
    }

    fn fails(&self, fails: bool) {
        self.0.fails.store(fails, Ordering::SeqCst);
    }

    fn panics(&self) {
        self.0.panics.store(true, Ordering::SeqCst);
    }

    /// What bodies were run for so far, and in each the ids in their order.
    fn asked(&self) -> Vec<Vec<u64>> {
        let mut asked = self.0.asked.lock().unwrap().clone();
        asked.iter_mut().for_each(|ids| ids.sort_unstable());
        asked
    }

    async fn select(&self, ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
        self.0.asked.lock().unwrap().push(ids.to_vec());
        let version = self.0.version.load(Ordering::SeqCst);
        self.0.gate.pass().await;
        assert!(!self.0.panics.load(Ordering::SeqCst), "as it was told to");
        if self.0.fails.load(Ordering::SeqCst) {
            return Err("down".to_owned());
        }
        let there = ids.iter().filter(|id| **id < MISSING);
        Ok(there.map(|id| (*id, id * 10 + version)).collect())
    }
}

#[redis_cache(ttl = 60, key = "row:{id}")]
async fn row(table: &Table, id: u64) -> Result<u64, String> {
    table.select(&[id]).await.map(|rows| rows[&id])
}

#[redis_cache(ttl = 60, key = "row:{id}", batch = "ids")]
async fn rows(table: &Table, ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
    table.select(ids).await
}

/// What [`rows`] returns for these at a version.
fn at(version: u64, ids: &[u64]) -> HashMap<u64, u64> {
    ids.iter().map(|id| (*id, id * 10 + version)).collect()
}
