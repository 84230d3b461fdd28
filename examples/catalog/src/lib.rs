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

pub use routes::{app, around};

use axum::extract::FromRef;
use cache_runtime::Cache;
use database::Db;
use metrics_exporter_prometheus::PrometheusHandle;
use secret::Secret;

/// What the handlers work with.
#[derive(Debug, Clone, FromRef)]
pub struct AppState {
    db: Db,
    cache: Cache,
    metrics: PrometheusHandle,
    #[from_ref(skip)]
    admin_token: Option<Secret>,
    #[from_ref(skip)]
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
        Self { db, cache, metrics, admin_token, key_count: routes::KeyCount::default() }
    }
}
