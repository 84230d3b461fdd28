//! The routes.

mod compare;
mod dashboard;
mod metrics;
mod page;
mod reads;
mod source;
mod status;
mod use_cache;
mod writes;

pub(crate) use status::KeyCount;
pub use use_cache::bypassable;

use crate::AppState;
use crate::access::Moderator;
use crate::error::ApiError;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::ETAG;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use axum::middleware::from_extractor_with_state;
use axum::routing::{get, post, put};
use cache_runtime::Error;
use cache_runtime::http::{self, CacheLayer};
use std::time::Duration;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};
use tower_http::cors::{Any, CorsLayer};
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};
use tower_http::trace::TraceLayer;

/// A request that takes longer is given up.
const REQUEST: Duration = Duration::from_secs(15);

/// Our bodies are a price or a review.
const BODY: usize = 16 * 1024;

/// Who sends nothing of a body for so long has sent a wrong one.
const PIECE: Duration = Duration::from_secs(5);

/// The whole service.
///
/// # Errors
/// [`Error::Invalid`] for an admin token that can be guessed.
pub fn app(state: AppState) -> Result<Router, Error> {
    let (health, operators) = (http::health(&state.cache), operators(&state)?);
    let reads = Router::new()
        .route("/categories", get(reads::categories))
        .route("/products", get(reads::products))
        .route("/products/search", get(reads::search))
        .route("/products/top", get(reads::top))
        .route("/products/{id}", get(reads::product))
        .route("/products/{id}/reviews", get(reads::reviews))
        .route("/dashboard/stats", get(dashboard::stats))
        .route("/dashboard/activity", get(dashboard::activity))
        .route("/dashboard/product-count", get(dashboard::product_count))
        .route("/compare/{query}", get(compare::compare))
        .layer(CacheLayer::new());
    let writes = Router::new()
        .route("/products/{id}/price", put(writes::set_price))
        .route("/products/{id}/reviews", post(writes::add_review))
        .route("/reviews/{id}/hide", post(writes::hide_review));
    Ok(around(
        Router::new()
            .merge(page::routes().layer(page_layer()))
            .nest("/api", bypassable(reads).merge(writes).route("/status", get(status::status)))
            .route("/metrics", get(metrics::metrics))
            .with_state(state)
            .nest("/health", health)
            .nest("/cache", operators)
            .fallback(async || ApiError::not_found("address"))
            .method_not_allowed_fallback(async || {
                ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this address has no such method")
            }),
    ))
}

/// What is not caching: the layers around every route.
pub fn around(routes: Router) -> Router {
    routes
        .layer(DefaultBodyLimit::max(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST))
        .layer(RequestBodyTimeoutLayer::new(PIECE))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(has_a_body)))
        .layer(cors())
        .layer(TraceLayer::new_for_http())
}

/// A 304 has none, but of another length than nothing, and would be said to be compressed.
fn has_a_body(status: StatusCode, _: Version, _: &HeaderMap, _: &Extensions) -> bool {
    status != StatusCode::NOT_MODIFIED
}

/// A new version of the program is a new page: browsers ask each time, and mostly hear that it is
/// the one they have.
fn page_layer() -> CacheLayer {
    CacheLayer::new().cache_control(HeaderValue::from_static("no-cache"))
}

/// For those who have the admin token; without one for nobody.
fn operators(state: &AppState) -> Result<Router, Error> {
    let admin = http::admin(&state.cache);
    match &state.admin_token {
        Some(token) => admin.bearer_token(token.expose()),
        None => Ok(admin.authorized_by(from_extractor_with_state::<Moderator, _>(state.clone()))),
    }
}

/// Pages of other origins may read what anybody may. They may not send a token or JSON, and so not
/// write.
fn cors() -> CorsLayer {
    CorsLayer::new().allow_origin(Any).allow_methods([Method::GET]).expose_headers([
        ETAG,
        HeaderName::from_static("x-cache"),
        HeaderName::from_static("cache-status"),
    ])
}
