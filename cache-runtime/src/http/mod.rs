//! Cached functions in web services built on axum 0.8 (feature `axum`).
//!
//! ```
//! use axum::extract::{Path, State};
//! use axum::http::{HeaderValue, StatusCode};
//! use axum::{Json, Router, routing::get};
//! use cache_runtime::http::{self, CacheLayer, SortedQuery};
//! use cache_runtime::{Cache, redis_cache};
//!
//! #[derive(Clone)]
//! struct Db;
//!
//! #[derive(serde::Deserialize)]
//! struct Page { limit: Option<u32>, offset: Option<u32> }
//!
//! // A handler is a function like any other: its extractors are arguments.
//! #[redis_cache(ttl = "1m", key = "user:{id}")]
//! async fn user(State(db): State<Db>, Path(id): Path<u64>) -> Result<Json<String>, StatusCode> {
//!     Ok(Json(format!("user {id}")))
//! }
//!
//! #[redis_cache(ttl = "1m", key = "users:{page}")]
//! async fn users(State(db): State<Db>, page: SortedQuery<Page>) -> Json<Vec<u64>> {
//!     Json((0..u64::from(page.limit.unwrap_or(10).min(100))).collect())
//! }
//!
//! # fn main() -> Result<(), cache_runtime::Error> {
//! # let (token, cache) = ("0123456789abcdef", Cache::builder().url("memory://").build()?);
//! let app: Router = Router::new()
//!     .route("/users", get(users))
//!     .route("/users/{id}", get(user))
//!     .layer(CacheLayer::new().cache_control(HeaderValue::from_static("private, max-age=10")))
//!     .with_state(Db)
//!     .nest("/cache", http::admin(&cache).bearer_token(token)?)
//!     .nest("/health", http::health(&cache));
//! # Ok(()) }
//! ```
//!
//! A handler that returns [`axum::Json<T>`], or `Result<Json<T>, E>`, can stand under
//! `#[redis_cache]` as it is: what is stored is the plain JSON of `T`.
//!
//! **A hit does not run the handler.** If its body checks whether the caller may see the answer, that
//! check is skipped: put the role into the key (an extractor that is a [`CacheKey`](crate::CacheKey)),
//! or check in a layer or an extractor.

mod admin;
mod answer;
mod etag;
mod fields;
mod health;
#[allow(missing_docs)] // for generated code alone
mod json;
mod layer;
mod query;
mod seldom;
mod status;

pub use admin::{Admin, admin};
pub use health::health;
pub use layer::{CacheLayer, CacheService};
pub use query::{QueryRejection, SortedQuery};
