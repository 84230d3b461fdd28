//! A catalog of products: a service over SQLite or PostgreSQL whose queries are cached by
//! `#[redis_cache]`, and a page that shows what this buys.
//!
//! [`queries`] is what to read first: the cached functions and the writes. The rest is what any
//! service has: [`settings`], [`database`], [`routes`](app), [`error`].

pub mod access;
pub mod banner;
pub mod database;
pub mod error;
mod extract;
pub mod metrics;
pub mod money;
pub mod queries;
mod routes;
pub mod secret;
pub mod settings;
mod text;

pub use routes::{app, around, bypassable};

use axum::extract::FromRef;
use cache_runtime::Cache;
use database::Db;
use metrics_exporter_prometheus::PrometheusHandle;
use mimalloc::MiMalloc;
use secret::Secret;
use std::ops::Deref;
use std::sync::Arc;

/// A request allocates on one thread and frees on another, over which glibc's allocator has threads
/// wait for each other: a tenth of what a cached request costs.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What the handlers work with. Routers clone it again and again, so all of it is one pointer.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Parts>);

/// The parts of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts {
    db: Db,
    cache: Cache,
    metrics: PrometheusHandle,
    admin_token: Option<Secret>,
    key_count: routes::KeyCount,
}

impl AppState {
    /// Of these.
    #[must_use]
    pub fn new(
        db: Db,
        cache: Cache,
        metrics: PrometheusHandle,
        admin_token: Option<Secret>,
    ) -> Self {
        let key_count = routes::KeyCount::default();
        Self(Arc::new(Parts { db, cache, metrics, admin_token, key_count }))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<AppState> for Db {
    fn from_ref(state: &AppState) -> Self {
        state.db.clone()
    }
}

impl FromRef<AppState> for PrometheusHandle {
    fn from_ref(state: &AppState) -> Self {
        state.metrics.clone()
    }
}
