//! The routes.

mod compare;
mod page;
mod reads;
mod status;
mod use_cache;
mod writes;

pub(crate) use status::KeyCount;

use crate::AppState;
use crate::error::ApiError;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderName, Method, StatusCode};
use axum::middleware::from_fn;
use axum::routing::{get, post, put};
use std::time::Duration;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

/// A request that takes longer is given up.
const REQUEST: Duration = Duration::from_secs(30);

/// Our bodies are a price or a review.
const BODY: usize = 16 * 1024;

/// The whole service.
pub fn app(state: AppState) -> Router {
    let reads = Router::new()
        .route("/categories", get(reads::categories))
        .route("/products", get(reads::products))
        .route("/products/search", get(reads::search))
        .route("/products/top", get(reads::top))
        .route("/products/{id}", get(reads::product))
        .route("/products/{id}/reviews", get(reads::reviews))
        .route("/dashboard/stats", get(reads::stats))
        .route("/dashboard/activity", get(reads::activity))
        .route("/dashboard/product-count", get(reads::product_count))
        .route("/compare/{query}", get(compare::compare))
        .route_layer(from_fn(use_cache::use_cache));
    let writes = Router::new()
        .route("/products/{id}/price", put(writes::set_price))
        .route("/products/{id}/reviews", post(writes::add_review))
        .route("/reviews/{id}/hide", post(writes::hide_review));
    Router::new()
        .merge(page::routes())
        .nest("/api", reads.merge(writes).route("/status", get(status::status)))
        .fallback(async || ApiError::not_found("address"))
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this address has no such method")
        })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST))
        .layer(CompressionLayer::new())
        .layer(cors())
        .layer(TraceLayer::new_for_http())
        .with_state(state)
}

/// Pages of other origins may use the service: it knows nobody by cookies, so a browser adds
/// nothing that the page does not know itself.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::PUT, Method::POST])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE])
        .expose_headers([HeaderName::from_static("x-cache")])
}
