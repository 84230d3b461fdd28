//! The layer around handlers: says what their cached calls did, and validates.

use super::etag;
use super::status::CacheStatus;
use crate::cache::Cache;
use crate::cache::context::watch;
use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, Request, Response, StatusCode};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// A layer around handlers (`Router::layer`) that tells clients how the cached calls inside were
/// answered, and does not send again what they have already.
///
/// | header | when | value |
/// |---|---|---|
/// | `X-Cache` | the handler made a cached call | `MISS` if one of them ran its body, else `STALE`, else `BYPASS`, else `HIT`: the worst speaks for all |
/// | `Cache-Status` (RFC 9211) | as above | `shop; fwd=miss`, `shop; hit; detail=stale`, `shop; fwd=bypass`, `shop; hit`; and `shop; fwd=miss; collapsed` for a `HIT` that another call was computing |
/// | `ETag` | a GET or HEAD with status 200 and a body of known length, up to 1 MiB | a hash of the body, as a weak validator. One that the handler has set stays |
/// | `Cache-Control` | where [`cache_control`](Self::cache_control) asks for it | as given |
///
/// A GET or HEAD whose `If-None-Match` names the `ETag` is answered with `304 Not Modified` and no
/// body (the handler has run all the same). Bodies of unknown length, such as streams, are passed
/// on as they come, and what says `Cache-Control: no-store` gets no `ETag`.
///
/// Cached calls in tasks that the handler spawns, or while a stream is being sent, are not seen. Of
/// two layers around a handler that makes cached calls the inner one says what they came to.
///
/// **Compression** goes outside of this layer (added later, with `Router::layer`): inside, bodies
/// would have no known length. The `ETag` is weak, since compressed or not an answer has the same
/// one. The compression must say `Vary: Accept-Encoding`, as tower-http's does, and leave a `304`
/// alone, whose length it cannot know (`compress_when`). A handler whose answer depends on a header
/// of the request, such as its role, has to set `Vary` itself.
///
/// ```
/// use axum::{Router, http::HeaderValue, routing::get};
/// use cache_runtime::http::CacheLayer;
///
/// let app: Router = Router::new()
///     .route("/", get(async || "hello"))
///     .layer(CacheLayer::new().cache_control(HeaderValue::from_static("public, max-age=30")));
/// ```
#[derive(Debug, Clone, Default)]
pub struct CacheLayer(Arc<Options>);

#[derive(Debug, Clone, Default)]
struct Options {
    name: Option<String>,
    cache: Option<Cache>,
    cache_control: Option<HeaderValue>,
    without_etags: bool,
}

impl CacheLayer {
    /// A layer that adds `X-Cache`, `Cache-Status` and `ETag`, and no `Cache-Control`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What `Cache-Status` calls the cache. Left out: the prefix of the cache that was asked
    /// first.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with(|options| options.name = Some(name.into()))
    }

    /// Has the handlers' cached calls use this cache, as [`Cache::scope`] does. Left out: the
    /// process-wide one.
    ///
    /// A test that runs its server in a task of its own gives it its cache so, since a scope around
    /// the test does not reach into that task.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use cache_runtime::http::CacheLayer;
    /// use cache_runtime::{Cache, redis_cache};
    ///
    /// #[redis_cache(ttl = 60, key = "motto")]
    /// async fn motto() -> String { "fail open".to_owned() }
    ///
    /// /// The service, which the program serves, and each test with a cache of its own.
    /// fn app(cache: &Cache) -> Router {
    ///     Router::new().route("/", get(motto)).layer(CacheLayer::new().cache(cache))
    /// }
    ///
    /// let app = app(&Cache::in_memory());
    /// // tokio::spawn(axum::serve(listener, app).into_future());
    /// ```
    #[must_use]
    pub fn cache(self, cache: &Cache) -> Self {
        self.with(|options| options.cache = Some(cache.clone()))
    }

    /// The `Cache-Control` of successful answers to GET and HEAD that have none. Left out: none is
    /// added.
    #[must_use]
    pub fn cache_control(self, value: HeaderValue) -> Self {
        self.with(|options| options.cache_control = Some(value))
    }

    /// Adds no `ETag`, and answers no `If-None-Match`.
    #[must_use]
    pub fn without_etags(self) -> Self {
        self.with(|options| options.without_etags = true)
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl<S> Layer<S> for CacheLayer {
    type Service = CacheService<S>;

    fn layer(&self, inner: S) -> CacheService<S> {
        CacheService { inner, options: self.0.clone() }
    }
}

/// A service with a [`CacheLayer`] around it.
#[derive(Debug, Clone)]
pub struct CacheService<S> {
    inner: S,
    options: Arc<Options>,
}

/// Marks an answer that a layer further in has spoken of, which is closer to the calls.
#[derive(Debug, Clone, Copy)]
struct Spoken;

impl<S, B, R> Service<Request<B>> for CacheService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let read = matches!(*request.method(), Method::GET | Method::HEAD);
        let asked: Vec<_> =
            request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect();
        let options = self.options.clone();
        let handled = watch(options.cache.clone(), Box::pin(self.inner.call(request)));
        Box::pin(async move {
            let (response, observer) = handled.await;
            let mut response = response?.map(Body::new);
            let status = CacheStatus::of(&observer.counters.read());
            if let Some(status) = status
                && response.extensions_mut().insert(Spoken).is_none()
            {
                let name = options.name.as_deref().unwrap_or_else(|| observer.prefix());
                response.headers_mut().insert(X_CACHE, status.x_cache());
                if let Some(value) = status.cache_status(name) {
                    response.headers_mut().append(CACHE_STATUS, value);
                }
            }
            if !read {
                return Ok(response);
            }
            let status = response.status();
            if let Some(value) = &options.cache_control
                && (status.is_success() || status == StatusCode::NOT_MODIFIED)
            {
                response
                    .headers_mut()
                    .entry(header::CACHE_CONTROL)
                    .or_insert_with(|| value.clone());
            }
            if options.without_etags {
                return Ok(response);
            }
            Ok(etag::validated(response, &asked).await)
        })
    }
}
