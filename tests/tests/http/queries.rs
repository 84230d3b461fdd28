//! `SortedQuery`: as a key, and as an extractor.

use super::*;
use axum::extract::{FromRequestParts, State};
use axum::routing::get as on_get;
use axum::{Json, http::Uri};
use cache_runtime::http::{CacheLayer, QueryRejection, SortedQuery};
use cache_runtime::{key, redis_cache};
use cache_tests::{Runs, cache_at};
use proptest::prelude::*;
use proptest::sample::Index;
use serde::Deserialize;
use std::sync::Arc;

fn sorted(query: &str) -> Result<SortedQuery, QueryRejection> {
    query.parse()
}

fn text(query: &str) -> String {
    sorted(query).unwrap().to_string()
}

#[test]
fn one_way_to_write_each_query() {
    for (query, written) in [
        ("", ""),
        ("?", ""),
        ("&&", ""),
        ("offset=0&limit=50", "limit=50&offset=0"),
        ("?limit=50&offset=0", "limit=50&offset=0"),
        ("a=1&&b=2&", "a=1&b=2"),
        ("a", "a="),
        ("=1", "=1"),
        ("q=a+b", "q=a%20b"),
        ("q=a%20b", "q=a%20b"),
        ("q=a%2bb", "q=a%2Bb"),
        ("q=%61%7E~", "q=a%7E%7E"),
        ("q=a=b", "q=a%3Db"),
        ("q=100%", "q=100%25"),
        ("q=%zz", "q=%25zz"),
        ("q=%c3%a9", "q=%C3%A9"),
        ("tag=b&x=1&tag=a", "tag=b&tag=a&x=1"),
        ("q=a:b/c|d{e}*?[]", "q=a%3Ab%2Fc%7Cd%7Be%7D%2A%3F%5B%5D"),
    ] {
        assert_eq!(text(query), written, "{query}");
    }
}

#[tokio::test]
async fn a_second_question_mark_of_a_request_is_part_of_a_name() {
    for (uri, written) in
        [("/?a=1", "a=1"), ("/??a=1", "%3Fa=1"), ("/?%3Fa=1", "%3Fa=1"), ("/?", ""), ("/", "")]
    {
        let (mut parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
        let query = <SortedQuery>::from_request_parts(&mut parts, &()).await.unwrap();
        assert_eq!(query.as_str(), written, "{uri}");
    }
}

#[test]
fn what_is_no_text_or_too_long_is_refused_with_the_reason() {
    for query in ["q=%ff", "%c3=1", "q=%ff+a"] {
        let refused = sorted(query).unwrap_err();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert!(refused.to_string().contains("UTF-8"), "{refused}");
    }
    assert!(sorted(&"a".repeat(8192)).is_ok());
    let refused = sorted(&"a".repeat(8193)).unwrap_err();
    assert_eq!(refused.status(), StatusCode::URI_TOO_LONG);
    assert!(refused.to_string().contains("8192 bytes"), "{refused}");
}

#[derive(Debug, PartialEq, Deserialize)]
struct Filter {
    #[serde(default)]
    tag: Vec<String>,
    limit: Option<u32>,
    #[serde(rename = "q", default)]
    text: String,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Strict {
    limit: u32,
    only: Only,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Only {
    New,
}

#[test]
fn a_struct_keeps_what_it_reads() {
    let query: SortedQuery<Filter> =
        "utm_source=x&tag=b&tag=a&q=1+2&text=no&limit=5".parse().unwrap();
    assert_eq!(query.as_str(), "limit=5&q=1%202&tag=b&tag=a");
    let expected = Filter { tag: vec!["b".into(), "a".into()], limit: Some(5), text: "1 2".into() };
    assert_eq!(*query, expected);
    assert_eq!(query.into_inner(), expected);

    let query: SortedQuery<Filter> = "utm_source=x".parse().unwrap();
    assert_eq!(query.as_str(), "");
    // What is dropped is not looked at.
    assert!("utm=%ff".parse::<SortedQuery<Filter>>().is_ok());

    for (query, reason) in [
        ("limit=x&only=new", "limit: invalid digit"),
        ("limit=1", "missing field `only`"),
        ("limit=1&only=old", "unknown variant `old`"),
        ("limit=1&limit=2&only=new", "limit"),
    ] {
        let refused = query.parse::<SortedQuery<Strict>>().unwrap_err();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert!(refused.to_string().contains(reason), "{refused}");
    }
}

#[redis_cache(ttl = 60, key = "filtered:{query}")]
async fn filtered(State(runs): State<Arc<Runs>>, query: SortedQuery<Filter>) -> Json<String> {
    Json(format!("{} {:?} {:?}", runs.one_more(), query.limit, query.tag))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_made_of_what_matters() {
    let server = RedisServer::start();
    let runs = Arc::new(Runs::default());
    let served = Served::new(
        Router::new()
            .route("/", on_get(filtered))
            .with_state(runs.clone())
            .layer(CacheLayer::new().cache(&cache_at(&server.url()))),
    )
    .await;
    for uri in ["/?limit=5&q=a", "/?q=a&limit=5", "/?utm_source=mail&q=a&limit=5&utm_x=y"] {
        served.get(uri).await;
    }
    assert_eq!(runs.count(), 1);
    assert_eq!(keys(&server), ["t:filtered:limit=5&q=a"]);

    // Repeated parameters do not share a key, in whatever order.
    for uri in
        ["/?tag=a", "/?tag=b", "/?tag=a&tag=b", "/?tag=b&tag=a", "/?tag=a,b", "/?tag=a%26tag=b"]
    {
        for said in ["MISS", "HIT"] {
            assert_eq!(served.get(uri).await.header("x-cache"), Some(said), "{uri}");
        }
    }
    assert_eq!(runs.count(), 7);

    let refused = served.get("/?limit=many").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.error().contains("limit: invalid digit"), "{}", refused.error());
    assert_eq!(refused.said(), (None, None));
    assert_eq!(runs.count(), 7, "no body runs for it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_query_is_a_key_of_bounded_length() {
    let server = RedisServer::start();
    let app = Router::new()
        .route("/", on_get(filtered))
        .with_state(Arc::new(Runs::default()))
        .layer(CacheLayer::new().cache(&cache_at(&server.url())));
    let long = "x".repeat(4000);
    for (query, said) in
        [(format!("{long}1"), "MISS"), (format!("{long}2"), "MISS"), (format!("{long}1"), "HIT")]
    {
        let answer = get(&app, &format!("/?q={query}")).await;
        assert_eq!(answer.header("x-cache"), Some(said));
    }
    assert!(keys(&server).iter().all(|key| key.len() < 1100));
    let refused = get(&app, &format!("/?q={}", "x".repeat(9000))).await;
    assert_eq!(refused.status, StatusCode::URI_TOO_LONG);
}

/// Text of all kinds, short enough to meet itself again.
fn part() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]{0,2}", "[a-c&=+% :/~]{0,3}", "\\PC{0,3}"]
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((part(), part()), 0..5)
}

/// As a client writes them, in one of the two ways.
fn written(pairs: &[(String, String)], plus: bool) -> String {
    let encode = |text: &String| {
        let mut encoded = String::new();
        for byte in text.bytes() {
            match byte {
                b' ' if plus => encoded.push('+'),
                b'a'..=b'z' if plus => encoded.push(byte.into()),
                _ => encoded.push_str(&format!("%{byte:02x}")),
            }
        }
        encoded
    };
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

fn stable(mut pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    pairs
}

proptest! {
    #[test]
    fn equal_keys_mean_equal_parameters(one in pairs(), other in pairs(), plus: bool) {
        let (a, b) = (sorted(&written(&one, plus)).unwrap(), sorted(&written(&other, !plus)).unwrap());
        prop_assert_eq!(key::render(&a) == key::render(&b), stable(one.clone()) == stable(other));
        // Nothing is lost, and what has one name stays in its order.
        prop_assert_eq!(&*a, &stable(one));
    }

    #[test]
    fn the_order_of_names_makes_no_difference(
        values in prop::collection::btree_map(part(), part(), 0..6),
        swaps: Vec<(Index, Index)>,
    ) {
        let pairs: Vec<_> = values.into_iter().collect();
        let mut shuffled = pairs.clone();
        if !shuffled.is_empty() {
            for (a, b) in swaps {
                let length = shuffled.len();
                shuffled.swap(a.index(length), b.index(length));
            }
        }
        prop_assert_eq!(text(&written(&pairs, true)), text(&written(&shuffled, false)));
    }

    #[test]
    fn written_again_it_is_the_same(query in "\\PC{0,40}") {
        if let Ok(once) = sorted(&query) {
            prop_assert_eq!(text(once.as_str()), once.to_string());
        }
    }

    #[test]
    fn no_query_makes_it_panic(query in "[ -~]{0,60}", bytes: Vec<u8>) {
        let _ = sorted(&query);
        let _ = query.parse::<SortedQuery<Filter>>();
        let _ = query.parse::<SortedQuery<Strict>>();
        let _ = String::from_utf8_lossy(&bytes).parse::<SortedQuery<Filter>>();
    }

    #[test]
    fn whatever_a_uri_holds_is_answered(query in "[!$-;=?-~]{0,60}") {
        let uri = Uri::try_from(format!("/?{query}"));
        if let Ok(uri) = uri {
            let (mut parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
            let extracted = futures_util::FutureExt::now_or_never(
                <SortedQuery<Filter> as FromRequestParts<()>>::from_request_parts(
                    &mut parts,
                    &(),
                ),
            );
            if let Some(Err(refused)) = extracted {
                prop_assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
            }
        }
    }

    #[test]
    fn in_a_key_it_can_be_taken_for_nothing_else(one in pairs()) {
        let rendered = key::render(&sorted(&written(&one, true)).unwrap());
        let special = [':', '/', '|', '~', '{', '}', '(', ')', '[', ']', ',', '*', '?', '\\'];
        prop_assert!(!rendered.contains(special), "{}", rendered);
        prop_assert!(rendered.chars().all(|c| c.is_ascii_graphic()));
    }
}
