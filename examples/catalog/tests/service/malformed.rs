//! Requests that nobody should send.

use crate::harness::{Service, Sqlite, TOKEN};
use cache_test_servers::Postgres;
use fastrand::Rng;

const PATHS: [&str; 12] = [
    "/api/categories",
    "/api/products/search",
    "/api/products",
    "/api/products/7",
    "/api/products/7/reviews",
    "/api/products/7/price",
    "/api/reviews/7/hide",
    "/api/dashboard/activity",
    "/api/compare/search",
    "/api/status",
    "/cache/invalidate",
    "/health",
];

const NAMES: [&str; 7] = ["q", "category_id", "limit", "offset", "days", "use_cache", "pattern"];

/// Things that parsers stumble over.
const ODD: [&str; 24] = [
    "",
    "%00",
    "%",
    "%zz",
    "%ff%fe",
    "-1",
    "0",
    "9223372036854775807",
    "9223372036854775808",
    "1e9",
    "NaN",
    "null",
    "true",
    "../..",
    "%2e%2e%2f",
    "'; DROP TABLE products; --",
    "%25_%5C",
    "%F0%9F%A6%80",
    "{}",
    "[]",
    "[0]=1",
    "&&==&",
    "%0d%0aX-Y:%20z",
    "*",
];

const BODIES: [&str; 14] = [
    "",
    "{",
    "{}",
    "[]",
    "null",
    "\u{0}",
    r#"{"price": 12.5}"#,
    r#"{"price": "1e5"}"#,
    r#"{"price": "-1"}"#,
    r#"{"price": "92233720368547758.07"}"#,
    r#"{"author": "a\u0000b", "rating": 3, "body": "x"}"#,
    r#"{"author": "a", "rating": 99999999999999999999, "body": "x"}"#,
    r#"{"author": "a", "rating": 6, "body": "x"}"#,
    r#"{"pattern": "[["}"#,
];

fn one_of<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[rng.usize(..of.len())]
}

fn request(rng: &mut Rng) -> Vec<u8> {
    let method = one_of(rng, &["GET", "GET", "GET", "POST", "PUT", "HEAD", "DELETE", "FOO", "get"]);
    let mut path = one_of(rng, &PATHS).to_owned();
    if rng.bool() {
        path = path.replace('7', one_of(rng, &ODD)).replace(' ', "%20");
    }
    for turn in 0..rng.usize(..4) {
        path.push(if turn == 0 { '?' } else { '&' });
        path.push_str(one_of(rng, &NAMES));
        path.push('=');
        match rng.usize(..20) {
            0 => path.push_str(&"x".repeat(rng.usize(..9000))),
            _ => path.push_str(&one_of(rng, &ODD).replace(' ', "+")),
        }
    }
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\n");
    let mut body = one_of(rng, &BODIES).as_bytes().to_vec();
    match rng.usize(..10) {
        0 => body = vec![b'x'; 20_000],
        1 => body = (0..50).map(|_| rng.u8(..)).collect(),
        _ => {}
    }
    for (header, of_ten) in [
        ("content-type: application/json", 7),
        ("authorization: Bearer x", 3),
        ("cookie: \u{1}", 1),
    ] {
        if rng.usize(..10) < of_ten {
            head.push_str(header);
            head.push_str("\r\n");
        }
    }
    if rng.bool() {
        head.push_str(&format!("authorization: Bearer {TOKEN}\r\n"));
    }
    if rng.usize(..20) == 0 {
        // Before the end: nobody answers to half a request.
        let place = rng.usize(..head.len() - 2);
        head.replace_range(place..=place, one_of(rng, &["\0", "\n", "\x7f", ":", " ", "é"]));
    }
    // Sometimes a length that is not true, which leaves rubbish behind.
    let length = if rng.usize(..10) == 0 { body.len() / 2 } else { body.len() };
    head.push_str(&format!("connection: close\r\ncontent-length: {length}\r\n\r\n"));
    let mut request = head.into_bytes();
    request.extend(body);
    request
}

#[test]
fn are_refused_and_never_an_error_of_ours() {
    let (file, postgres) = (Sqlite::new(), Postgres::start());
    let services = [file.url(), postgres.database("catalog")]
        .map(|url| Service::start(&["--database-url", &url]));
    let seed = std::env::var("CATALOG_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("CATALOG_SEED={seed} replays this");
    let mut rng = Rng::with_seed(seed);
    let mut refused = 0;
    for _ in 0..500 {
        let request = request(&mut rng);
        for service in &services {
            let text = String::from_utf8_lossy(&request);
            let answer = service.send_raw(&request);
            assert!((200..500).contains(&answer.status), "{answer:?} to {text:?}");
            // An answer to HEAD has no body; what is not even HTTP is answered below us.
            let ours = answer.header("content-type") == Some("application/json");
            if answer.status >= 400 && ours && !text.starts_with("HEAD") {
                refused += 1;
                assert!(!answer.error().is_empty());
            }
        }
    }
    assert!(refused > 150, "{refused}");
    for service in &services {
        assert_eq!(service.get("/api/categories").status, 200, "it is still there");
    }
}
