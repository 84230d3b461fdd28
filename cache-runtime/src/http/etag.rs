//! Validators: an `ETag` for what is sent, and `304` for who has it already (RFC 9110).

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::response::Parts;
use axum::http::{Response, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use std::convert::Infallible;
use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use xxhash_rust::xxh3::xxh3_128;

/// The longest body that is read into memory to be hashed, in bytes.
const LONGEST: u64 = 1 << 20;

/// What a `304` leaves out: what describes the body that it does not have (RFC 9110, section
/// 15.4.5). Its length, too: who is sent the body may get it compressed.
const OF_THE_BODY: [HeaderName; 8] = [
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_RANGE,
    header::LAST_MODIFIED,
    header::TRAILER,
    header::TRANSFER_ENCODING,
];

/// The response to a GET or HEAD with its `ETag`, or the `304` in its place. `asked` are the
/// request's values of `If-None-Match`.
pub(super) async fn validated(response: Response<Body>, asked: &[HeaderValue]) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    if parts.status != StatusCode::OK || is_not_to_be_stored(&parts.headers) {
        return Response::from_parts(parts, body);
    }
    let body = match parts.headers.get(header::ETAG) {
        Some(_) => body,
        None => tagged(&mut parts, body).await,
    };
    let matches = |tag: &HeaderValue| asked.iter().any(|asked| names(asked.as_bytes(), tag));
    if parts.headers.get(header::ETAG).is_some_and(matches) {
        return not_modified(parts);
    }
    Response::from_parts(parts, body)
}

/// Reads a short body and gives it an `ETag`; any other stays as it is.
async fn tagged(parts: &mut Parts, body: Body) -> Body {
    let size = body.size_hint().exact();
    // An empty one may be that of a HEAD, whose hash would be another's.
    if size.is_none_or(|size| size == 0 || size > LONGEST) {
        return body;
    }
    match body.collect().await {
        Ok(collected) => {
            let trailers = collected.trailers().cloned();
            let bytes = collected.to_bytes();
            if let Some(tag) = tag_of(&bytes) {
                parts.headers.insert(header::ETAG, tag);
            }
            let body = Full::new(bytes);
            match trailers {
                Some(trailers) => Body::new(body.with_trailers(async { Some(Ok(trailers)) })),
                None => Body::new(body),
            }
        }
        // The head is as it was, and the body breaks off for the client as well.
        Err(error) => Body::new(Broken(Some(error.into()))),
    }
}

/// XXH3 of 128 bits: BLAKE3 was most of what the layer cost a request, and who brings a collision
/// about by what they have us send hides only their own change. Weak, since it is that of the body
/// before any compression.
fn tag_of(bytes: &Bytes) -> Option<HeaderValue> {
    let mut tag = [0; 36]; // 32 digits between `W/"` and `"`
    write!(&mut tag[..], "W/\"{:032x}\"", xxh3_128(bytes)).ok()?;
    HeaderValue::from_bytes(&tag).ok()
}

fn is_not_to_be_stored(headers: &HeaderMap) -> bool {
    headers.get_all(header::CACHE_CONTROL).iter().any(|value| {
        let value = String::from_utf8_lossy(value.as_bytes());
        value.split(',').any(|directive| directive.trim().eq_ignore_ascii_case("no-store"))
    })
}

fn not_modified(mut parts: Parts) -> Response<Body> {
    parts.status = StatusCode::NOT_MODIFIED;
    for name in OF_THE_BODY {
        parts.headers.remove(name);
    }
    Response::from_parts(parts, Body::new(Nothing))
}

/// Whether one value of `If-None-Match` names `tag`, by the weak comparison: `*` names all. What
/// follows a mistake in the list is not read.
fn names(asked: &[u8], tag: &HeaderValue) -> bool {
    let Some((tag, [])) = next_tag(tag.as_bytes()) else { return false };
    if asked.trim_ascii() == b"*" {
        return true;
    }
    let mut rest = asked;
    loop {
        rest = rest.trim_ascii_start();
        if let [b',', after @ ..] = rest {
            rest = after;
            continue;
        }
        match next_tag(rest) {
            Some((one, _)) if one == tag => return true,
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
}

/// The opaque part of the tag at the beginning, and what follows it.
fn next_tag(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let quoted = text.strip_prefix(b"W/").unwrap_or(text).strip_prefix(b"\"")?;
    let end = quoted.iter().position(|byte| *byte == b'"')?;
    let (tag, rest) = quoted.split_at_checked(end)?;
    let valid = |byte: &u8| *byte == 0x21 || (0x23..=0x7e).contains(byte) || *byte >= 0x80;
    tag.iter().all(valid).then(|| (tag, rest.get(1..).unwrap_or_default()))
}

/// No body, and nothing said of the length: axum would write a `Content-Length` of zero.
struct Nothing;

impl HttpBody for Nothing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::new()
    }
}

/// A body that could not be read to its end.
struct Broken(Option<BoxError>);

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(asked: &'static str, tag: &'static str) -> bool {
        names(asked.as_bytes(), &HeaderValue::from_static(tag))
    }

    #[test]
    fn tags_are_compared_weakly() {
        for asked in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "\"b\",W/\"a\" , \"c\"", ",, \"a\"", "*"]
        {
            assert!(matches(asked, "\"a\""), "{asked}");
            assert!(matches(asked, "W/\"a\""), "{asked}");
        }
        for asked in ["", "\"b\"", "a", "\"a", "w/\"a\"", "\"b\" a \"a\"", "\"A\"", "\"*\"", ","] {
            assert!(!matches(asked, "\"a\""), "{asked}");
        }
        assert!(matches("\"x,y\", \"z\"", "\"x,y\""), "a comma can be part of a tag");
        assert!(!matches("\"x,y\"", "\"x\""));
    }

    #[test]
    fn what_is_no_tag_matches_nothing() {
        for tag in ["a", "", "\"a\" b", "\"a b\"", "*"] {
            assert!(!matches("*", tag), "{tag}");
        }
    }

    #[test]
    fn only_the_directive_itself_forbids_to_store() {
        let forbids = |value| {
            let headers = HeaderMap::from_iter([(header::CACHE_CONTROL, value)]);
            is_not_to_be_stored(&headers)
        };
        assert!(forbids(HeaderValue::from_static("private, No-Store")));
        assert!(!forbids(HeaderValue::from_static("max-age=30")));
        assert!(!forbids(HeaderValue::from_static("x=\"no-store2\"")));
    }
}
