//! What operators ask of a cache, over HTTP.

use super::answer::Refusal;
use super::seldom::Seldom;
use crate::cache::Cache;
use crate::cache::naming::Named;
use crate::error::Error;
use crate::figures::stats::FunctionStats;
use crate::figures::stats::Stats;
use crate::function::listed::functions;
use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{Route, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tower_layer::Layer;
use tower_service::Service;

/// The shortest token that is accepted, in bytes.
const SHORTEST_TOKEN: usize = 16;
/// The longest body that is read, and the longest pattern or tag, in bytes.
const LONGEST_BODY: usize = 16 * 1024;
const LONGEST_TEXT: usize = 1024;
/// Between two counts of all keys, and the longest that one takes.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// Routes for operators, to be nested under a path such as `/cache`. No `Router` yet: first say
/// who may use them, by [`Admin::bearer_token`] or [`Admin::authorized_by`].
///
/// | request | answer |
/// |---|---|
/// | `GET /stats` | [`Cache::stats`], and the number of `keys` under the prefix: counted at most once in 5 s, `null` where it is not known |
/// | `GET /functions` | [`functions`] |
/// | `POST /invalidate` with `{"pattern": "user:*"}` | [`Cache::invalidate_matching`]: `{"removed": 7}` |
/// | `POST /invalidate` with `{"tag": "org:7"}` | [`Cache::invalidate_tag`]: `{"invalidated": true}`, or `false` where no entry had it; with `"soft": true` beside it [`Cache::soft_invalidate_tag`] |
/// | `POST /clear` | [`Cache::clear`]: `{"removed": 42}` |
///
/// A pattern never reaches keys of another prefix. One that has this cache's prefix is taken as it
/// is. One without is refused where no cached function of the program can have such a key: it is
/// misspelt, or meant for the prefix of another service.
///
/// What is wrong with a request is said as `{"error": "…"}`: 401 without a token, 403 with a wrong
/// one, 404 and 405 for what there is not, 400, 413, 415 and 422 for a body that is no
/// such JSON, 503 where Redis is away.
///
/// ```
/// # use axum::Router;
/// # use cache_runtime::{Cache, http};
/// # fn main() -> Result<(), cache_runtime::Error> {
/// let cache = Cache::builder().url("memory://").build()?;
/// let token = "a-long-random-text"; // from the environment, never from the source
/// let app: Router = Router::new().nest("/cache", http::admin(&cache).bearer_token(token)?);
///
/// assert!(http::admin(&cache).bearer_token("").is_err());
/// # Ok(()) }
/// ```
#[must_use = "no `Router` before it is said who may use it: `.bearer_token(…)`"]
pub fn admin(cache: &Cache) -> Admin {
    Admin { cache: cache.clone() }
}

/// The operators' routes, before it is said who may use them; see [`admin`].
#[derive(Debug)]
#[must_use = "no `Router` before it is said who may use it: `.bearer_token(…)`"]
pub struct Admin {
    cache: Cache,
}

impl Admin {
    /// For those who send `Authorization: Bearer <token>`. The comparison takes the same time
    /// whatever was sent.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a token that can be guessed or cannot be sent: shorter than 16
    /// bytes, or with anything but printable ASCII in it.
    pub fn bearer_token(self, token: impl AsRef<str>) -> Result<Router, Error> {
        let token = token.as_ref();
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            // A space would end it.
            return Err(Error::Invalid(
                "the operators' token must consist of printable ASCII without spaces".into(),
            ));
        }
        if token.len() < SHORTEST_TOKEN {
            return Err(Error::Invalid(format!(
                "the operators' token is too short: it must have {SHORTEST_TOKEN} characters or \
                 more, such as `openssl rand -hex 16` writes"
            )));
        }
        // Hashes compare in constant time, and say nothing of the token's length.
        let token = blake3::hash(token.as_bytes());
        Ok(self.authorized_by(from_fn(move |request: Request, next: Next| async move {
            match refused(request.headers(), &token) {
                None => next.run(request).await,
                Some(refused) => refused,
            }
        })))
    }

    /// For those whom `layer` lets through; it answers all others itself.
    ///
    /// ```
    /// # use axum::{extract::Request, http::StatusCode, middleware::{Next, from_fn}, Router};
    /// # use cache_runtime::{Cache, http};
    /// # fn is_operator(_: &Request) -> bool { false }
    /// # fn main() -> Result<(), cache_runtime::Error> {
    /// # let cache = Cache::builder().url("memory://").build()?;
    /// let router: Router = http::admin(&cache).authorized_by(from_fn(
    ///     async |request: Request, next: Next| {
    ///         if is_operator(&request) { Ok(next.run(request).await) } else { Err(StatusCode::FORBIDDEN) }
    ///     },
    /// ));
    /// # Ok(()) }
    /// ```
    pub fn authorized_by<L>(self, layer: L) -> Router
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        let state = AdminState { cache: self.cache, keys: Arc::new(Seldom::new(COUNT_EVERY)) };
        Router::new()
            .route("/stats", get(stats))
            .route("/functions", get(list))
            .route("/clear", post(clear))
            .route("/invalidate", post(invalidate))
            .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "there is nothing here"))
            .method_not_allowed_fallback(async || {
                Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "not by this method: see `Allow`")
            })
            .layer(DefaultBodyLimit::max(LONGEST_BODY))
            // Outermost: who may not ask is told nothing.
            .layer(layer)
            .with_state(state)
    }
}

/// The answer to who may not ask.
fn refused(headers: &HeaderMap, token: &blake3::Hash) -> Option<Response> {
    match bearer(headers) {
        None => {
            let mut refused = Refusal::new(
                StatusCode::UNAUTHORIZED,
                "the operators' token is missing: send `Authorization: Bearer <token>`",
            )
            .into_response();
            refused
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            Some(refused)
        }
        Some(sent) if blake3::hash(sent) == *token => None,
        Some(_) => {
            let refused = Refusal::new(StatusCode::FORBIDDEN, "the operators' token is another");
            Some(refused.into_response())
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let sent = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = sent.split_at_checked(7)?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

/// What the routes work on.
#[derive(Clone)]
struct AdminState {
    cache: Cache,
    keys: Arc<Seldom<Option<u64>>>,
}

#[derive(Serialize)]
struct Figures {
    #[serde(flatten)]
    stats: Stats,
    keys: Option<u64>,
}

async fn stats(State(AdminState { cache, keys }): State<AdminState>) -> Json<Figures> {
    let count = async {
        let count = tokio::time::timeout(COUNT_EVERY, cache.count_keys()).await;
        count.ok().and_then(Result::ok)
    };
    let keys = keys.get(cache.clock().now(), count).await.flatten();
    Json(Figures { stats: cache.stats().await, keys })
}

async fn list() -> Json<Vec<FunctionStats>> {
    Json(functions())
}

#[derive(Serialize)]
struct Removed {
    removed: u64,
}

async fn clear(
    State(AdminState { cache, .. }): State<AdminState>,
) -> Result<Json<Removed>, Refusal> {
    Ok(Json(Removed { removed: cache.clear().await? }))
}

#[derive(Serialize)]
struct Invalidated {
    invalidated: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invalidate {
    pattern: Option<String>,
    tag: Option<String>,
    #[serde(default)]
    soft: bool,
}

async fn invalidate(
    State(AdminState { cache, .. }): State<AdminState>,
    asked: Result<Json<Invalidate>, JsonRejection>,
) -> Result<Response, Refusal> {
    let wrong = |reason: &str| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, reason);
    let Json(asked) =
        asked.map_err(|rejected| Refusal::new(rejected.status(), rejected.body_text()))?;
    let is_long = |text: &str| text.len() > LONGEST_TEXT;
    match (asked.pattern, asked.tag) {
        (Some(_), None) if asked.soft => Err(wrong("`soft` goes with a tag, not with a pattern")),
        (Some(pattern), None) if is_long(&pattern) => {
            Err(wrong(&format!("a pattern has {LONGEST_TEXT} bytes at most")))
        }
        (Some(pattern), None) => {
            check_pattern(&cache, &pattern)?;
            let removed = cache.invalidate_matching(&pattern).await?;
            Ok(Json(Removed { removed }).into_response())
        }
        (None, Some(tag)) if is_long(&tag) => {
            Err(wrong(&format!("a tag has {LONGEST_TEXT} bytes at most")))
        }
        (None, Some(tag)) => {
            let invalidated = match asked.soft {
                true => cache.soft_invalidate_tag(&tag).await?,
                false => cache.invalidate_tag(&tag).await?,
            };
            Ok(Json(Invalidated { invalidated }).into_response())
        }
        (Some(_), Some(_)) => Err(wrong("send a pattern or a tag, one of them")),
        (None, None) => Err(wrong(
            "what to invalidate is missing: send {\"pattern\": \"user:*\"} or {\"tag\": \"org:7\"}",
        )),
    }
}

/// Refuses a pattern that has not the cache's prefix and can match no key of a cached function:
/// what begins like another prefix would be taken for keys under this one.
fn check_pattern(cache: &Cache, pattern: &str) -> Result<(), Refusal> {
    let prefix = &cache.settings().prefix;
    let own = pattern.strip_prefix(&**prefix).is_some_and(|rest| rest.starts_with(':'));
    // The cache itself refuses an empty one.
    if own || pattern.is_empty() || Named::new(pattern).is_known() {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        format!(
            "no cached function of this service has keys like `{pattern}`, and keys of other \
             prefixes than `{prefix}` cannot be reached; if keys under this prefix are meant all \
             the same, write `{prefix}:{pattern}`"
        ),
    ))
}
