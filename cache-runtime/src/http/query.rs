//! The query string as an argument of a cached function.

use super::answer::Refusal;
use super::fields::Fields;
use crate::key::{CacheKey, KeyWriter};
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// The longest query string that is read, in bytes.
const LONGEST: usize = 8 * 1024;

/// What is encoded: everything but what RFC 3986 calls unreserved, and of that the `~`, which is
/// special in keys.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// The query string, as an extractor and as part of a key: sorted by name and encoded one way, so
/// that `?offset=0&limit=50` and `?limit=50&offset=0` share one entry.
///
/// In a key, and as [`as_str`](Self::as_str), it is `limit=50&offset=0`; nothing where there are
/// no parameters. `+` and `%20` are one, `a` is `a=`, and empty parts (`a=1&&b=2`) count for
/// nothing. Repeated parameters are all kept, in the order in which they came: `?tag=b&tag=a`
/// is not `?tag=a&tag=b`.
///
/// `SortedQuery<T>` keeps only the parameters that `T` has fields for, by the names that serde
/// knows, so that `utm_source` makes no keys. It derefs to the `T` that is read *from what is
/// kept*, and so equal keys always mean equal `T`s (and `deny_unknown_fields` sees nothing that it
/// could deny). A repeated parameter fills a `Vec`. A map, or a struct with `#[serde(flatten)]`,
/// sees every name and keeps every parameter; so does plain `SortedQuery`, which derefs to the
/// pairs.
///
/// A query string that `T` cannot be read from, or that is not UTF-8, is answered with
/// `400 Bad Request` and the reason; one above 8 KiB with `414 URI Too Long`.
///
/// ```
/// use axum::http::Uri;
/// use cache_runtime::{http::SortedQuery, key};
///
/// #[derive(serde::Deserialize)]
/// struct Filter {
///     #[serde(default)]
///     tag: Vec<String>,
///     limit: Option<u32>,
/// }
///
/// let query: SortedQuery<Filter> = "?tag=b&utm_source=mail&limit=5&tag=a%20c".parse()?;
/// assert_eq!(query.as_str(), "limit=5&tag=b&tag=a%20c");
/// assert_eq!(key::render(&query), query.as_str());
/// assert_eq!((query.limit, &*query.tag), (Some(5), &["b".to_owned(), "a c".to_owned()][..]));
///
/// let query: SortedQuery = "b=1&a".parse()?;
/// assert_eq!(query.as_str(), "a=&b=1");
/// # Ok::<(), cache_runtime::http::QueryRejection>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortedQuery<T = Vec<(String, String)>> {
    text: String,
    value: T,
}

impl<T> SortedQuery<T> {
    /// The parameters as a query string, without the question mark.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What was read from the parameters.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// As it is: of what is special in a key it holds `%` alone, with two digits behind it, and each
/// parameter has exactly one `=`, so that it can stand beside or inside of anything.
impl<T> CacheKey for SortedQuery<T> {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        key.raw().push_str(self.as_str());
    }
}

impl<T> Deref for SortedQuery<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// As a query string.
impl<T> fmt::Display for SortedQuery<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// From a query string, with or without its question mark.
impl<T: DeserializeOwned> std::str::FromStr for SortedQuery<T> {
    type Err = QueryRejection;

    fn from_str(query: &str) -> Result<Self, QueryRejection> {
        Self::read(query.strip_prefix('?').unwrap_or(query))
    }
}

impl<T: DeserializeOwned> SortedQuery<T> {
    /// From a query string without its question mark: one that it begins with is part of a name.
    fn read(query: &str) -> Result<Self, QueryRejection> {
        let text = sorted(query, Fields::of::<T>())?;
        let value = serde_path_to_error::deserialize(serde_html_form::Deserializer::from_bytes(
            text.as_bytes(),
        ))
        .map_err(|error| {
            let path = error.path().to_string();
            let within = if path == "." { String::new() } else { format!("{path}: ") };
            bad(format!("the query string cannot be read: {within}{}", error.inner()))
        })?;
        Ok(Self { text, value })
    }
}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for SortedQuery<T> {
    type Rejection = QueryRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, QueryRejection> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

/// The parameters of `query` that are among `fields`, sorted and encoded.
fn sorted(query: &str, fields: Fields) -> Result<String, QueryRejection> {
    if query.len() > LONGEST {
        return Err(QueryRejection(Refusal::new(
            StatusCode::URI_TOO_LONG,
            format!("the query string is longer than {LONGEST} bytes"),
        )));
    }
    let mut pairs = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = decoded(name)?;
        if fields.contains(&name) {
            pairs.push((name, decoded(value)?));
        }
    }
    // Stable: what has one name stays in its order.
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut text = String::with_capacity(query.len());
    for (name, value) in &pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(utf8_percent_encode(name, ENCODED));
        text.push('=');
        text.extend(utf8_percent_encode(value, ENCODED));
    }
    Ok(text)
}

/// A name or a value as it was meant. A `%` without two digits behind it stands for itself.
fn decoded(text: &str) -> Result<Cow<'_, str>, QueryRejection> {
    let text: Cow<'_, str> =
        if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    let not_text = |_| bad("the query string is not UTF-8");
    match text {
        Cow::Borrowed(text) => percent_decode(text.as_bytes()).decode_utf8().map_err(not_text),
        Cow::Owned(text) => {
            let decoded = percent_decode(text.as_bytes()).decode_utf8().map_err(not_text)?;
            Ok(decoded.into_owned().into())
        }
    }
}

fn bad(reason: impl Into<String>) -> QueryRejection {
    QueryRejection(Refusal::new(StatusCode::BAD_REQUEST, reason))
}

/// Why a query string is no [`SortedQuery`]: answered with `{"error": "…"}`.
#[derive(Debug, Clone)]
pub struct QueryRejection(Refusal);

impl QueryRejection {
    /// `400 Bad Request`, or `414 URI Too Long`.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }
}

impl fmt::Display for QueryRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.reason)
    }
}

impl std::error::Error for QueryRejection {}

impl IntoResponse for QueryRejection {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}
