//! `ETag`, `If-None-Match` and `304`.

use super::*;
use axum::http::HeaderValue;
use axum::routing::{get as on_get, post};
use cache_runtime::http::CacheLayer;
use cache_runtime::redis_cache;
use cache_tests::{in_memory, limited};
use futures_util::stream;

#[redis_cache(ttl = 60, key = "text:{name}")]
async fn text(name: &str) -> String {
    format!("the text of {name}")
}

fn app() -> Router {
    let stream = async || Body::from_stream(stream::iter(["a", "b"].map(Ok::<_, std::io::Error>)));
    Router::new()
        .route(
            "/text",
            on_get(async || {
                let headers = [("vary", "accept"), ("content-language", "en"), ("x-own", "kept")];
                (headers, text("x").await)
            })
            .post(async || text("x").await),
        )
        .route("/stream", on_get(stream))
        .route("/tagged", on_get(async move || ([("etag", "W/\"own\"")], stream().await)))
        .route("/odd", on_get(async || ([("etag", "no tag")], "odd")))
        .route("/secret", on_get(async || ([("cache-control", "no-store")], "secret")))
        .route("/long", on_get(async || "x".repeat((1 << 20) + 1)))
        .route("/empty", on_get(async || ""))
        .route("/created", on_get(async || (StatusCode::CREATED, "made")))
        .route("/write", post(async || "written"))
        .layer(
            CacheLayer::new()
                .cache(&in_memory())
                .cache_control(HeaderValue::from_static("max-age=5")),
        )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_it_gets_no_body() {
    limited(async {
        let served = Served::new(app()).await;
        let first = served.get("/text").await;
        let tag = first.header("etag").unwrap().to_owned();
        assert!(tag.starts_with("W/\"") && tag.len() == 36, "128 bits in quotes, weak: {tag}");
        assert_eq!(served.get("/text").await.header("etag"), Some(&*tag), "the same, each time");

        let asked = format!("\"other\", {}", &tag[2..]);
        for asked in [&*tag, &*asked, "*"] {
            for method in ["GET", "HEAD"] {
                let answer = served.send(method, "/text", &[("if-none-match", asked)], "").await;
                assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{asked}");
                assert!(answer.body.is_empty());
                assert_eq!(answer.header("etag"), Some(&*tag));
                assert_eq!(answer.header("vary"), Some("accept"));
                assert_eq!(answer.header("cache-control"), Some("max-age=5"));
                assert_eq!(answer.header("x-cache"), Some("HIT"));
                assert_eq!(answer.header("x-own"), Some("kept"));
                assert_eq!(answer.header("content-type"), None);
                assert_eq!(answer.header("content-language"), None);
                assert_eq!(answer.header("content-length"), None, "neither that of no body");
            }
        }
        // Two header lines are one list.
        let both = [("if-none-match", "\"other\""), ("if-none-match", &*tag)];
        let answer = served.send("GET", "/text", &both, "").await;
        assert_eq!(answer.status, StatusCode::NOT_MODIFIED);

        for asked in ["\"other\"", "other", "\"", ""] {
            let answer = served.send("GET", "/text", &[("if-none-match", asked)], "").await;
            assert_eq!((answer.status, answer.text()), (StatusCode::OK, "the text of x"));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_is_get_without_the_body() {
    let served = Served::new(app()).await;
    let got = served.get("/text").await;
    let head = served.send("HEAD", "/text", &[], "").await;
    assert_eq!(head.status, StatusCode::OK);
    assert!(head.body.is_empty());
    for name in ["etag", "cache-control", "content-length", "content-type", "vary"] {
        assert_eq!(head.header(name), got.header(name), "{name}");
    }
    // Around the whole router the body is gone already: no tag is better than that of another.
    let outside = Router::new().fallback_service(tower::Layer::layer(
        &CacheLayer::new(),
        Router::new().route("/text", on_get(async || "the text")),
    ));
    let request = Request::head("/text").body(Body::empty()).unwrap();
    let head = send(&outside, request).await;
    assert!([None, get(&outside, "/text").await.header("etag")].contains(&head.header("etag")));
}

#[tokio::test]
async fn other_bodies_other_tags() {
    let app = |text: &'static str| {
        Router::new().route("/", on_get(async move || text)).layer(CacheLayer::new())
    };
    let (one, other) = (get(&app("one"), "/").await, get(&app("other"), "/").await);
    assert_ne!(one.header("etag"), other.header("etag"));
    let tag = one.header("etag").unwrap();
    let answer = get_with(&app("other"), "/", &[("if-none-match", tag)]).await;
    assert_eq!((answer.status, answer.text()), (StatusCode::OK, "other"));
}

#[tokio::test]
async fn what_is_not_touched() {
    let app = app();
    let all = [("if-none-match", "*")];
    for uri in ["/stream", "/secret", "/long", "/empty", "/created", "/odd"] {
        let answer = get_with(&app, uri, &all).await;
        assert!(answer.status.is_success(), "{uri}");
        let tag = if uri == "/odd" { Some("no tag") } else { None };
        assert_eq!(answer.header("etag"), tag, "{uri}");
    }
    assert_eq!(get_with(&app, "/long", &all).await.body.len(), (1 << 20) + 1);
    assert_eq!(get(&app, "/stream").await.text(), "ab");
    assert_eq!(get_with(&app, "/nowhere", &all).await.status, StatusCode::NOT_FOUND);

    let write = Request::post("/text").header("if-none-match", "*").body(Body::empty()).unwrap();
    let answer = send(&app, write).await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_of_the_handlers_own_counts_for_streams_too() {
    let served = Served::new(app()).await;
    let answer = served.get("/tagged").await;
    assert_eq!((answer.header("etag"), answer.text()), (Some("W/\"own\""), "ab"));
    let asked = [("if-none-match", "\"own\"")];
    let answer = served.send("GET", "/tagged", &asked, "").await;
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
    assert_eq!(answer.header("etag"), Some("W/\"own\""));
    assert_eq!(answer.header("content-length"), None, "nobody knows it");
    assert_eq!(answer.header("transfer-encoding"), None);
    // The connection is good for more.
    assert_eq!(served.get("/tagged").await.text(), "ab");
}

#[tokio::test]
async fn a_body_that_breaks_off_does_so_for_the_client() {
    use axum::body::{Bytes, HttpBody};
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// Says that it has five bytes, and fails.
    struct Failing;
    impl HttpBody for Failing {
        type Data = Bytes;
        type Error = std::io::Error;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
            Poll::Ready(Some(Err(std::io::Error::other("broken"))))
        }
        fn size_hint(&self) -> http_body::SizeHint {
            http_body::SizeHint::with_exact(5)
        }
    }
    let app =
        Router::new().route("/", on_get(async || Body::new(Failing))).layer(CacheLayer::new());
    let response = app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers().get("etag"), None);
    assert!(axum::body::to_bytes(response.into_body(), 100).await.is_err());
}

#[tokio::test]
async fn tags_can_be_left_out() {
    let app = Router::new()
        .route("/", on_get(async || ([("etag", "\"own\"")], "text")))
        .layer(CacheLayer::new().without_etags());
    let answer = get_with(&app, "/", &[("if-none-match", "*")]).await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, Some("\"own\"")));
}
