//! Requests that nobody should send.

use crate::harness::{Service, Sqlite, TOKEN};
use cache_test_servers::Postgres;
use fastrand::Rng;

/// What there is: method, path and parameters.
const TARGETS: [(&str, &str, &[&str]); 14] = [
    ("GET", "/api/categories", &["use_cache"]),
    ("GET", "/api/products/search", &["q", "category_id"]),
    ("GET", "/api/products", &["limit", "offset"]),
    ("GET", "/api/products/7", &["use_cache"]),
    ("GET", "/api/products/7/reviews", &["use_cache"]),
    ("PUT", "/api/products/7/price", &[]),
    ("POST", "/api/products/7/reviews", &[]),
    ("POST", "/api/reviews/7/hide", &[]),
    ("GET", "/api/dashboard/activity", &["days"]),
    ("GET", "/api/dashboard/product-count", &["days"]),
    ("GET", "/api/compare/search", &["q", "category_id"]),
    ("GET", "/api/status", &[]),
    ("POST", "/cache/invalidate", &[]),
    ("GET", "/health", &[]),
];

/// Parameters that may be anywhere.
const NAMES: [&str; 3] = ["use_cache", "limit", "utm_source"];

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
    let (method, path, own) = TARGETS[rng.usize(..TARGETS.len())];
    let method = match rng.usize(..5) {
        0 => one_of(rng, &["GET", "POST", "PUT", "HEAD", "DELETE", "FOO", "get"]),
        _ => method,
    };
    let mut path = path.to_owned();
    if rng.usize(..3) == 0 {
        path = path.replace('7', one_of(rng, &ODD)).replace(' ', "%20");
    }
    for turn in 0..rng.usize(..4) {
        path.push(if turn == 0 { '?' } else { '&' });
        path.push_str(match own {
            [] => one_of(rng, &NAMES),
            own => one_of(rng, own),
        });
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

/// The rest of the body never comes.
#[test]
fn half_a_body_is_the_clients_mistake() {
    let file = Sqlite::new();
    let service = Service::start(&["--database-url", &file.url()]);
    let answer = service.send_raw(
        b"PUT /api/products/7/price HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
          content-type: application/json\r\ncontent-length: 20\r\n\r\n{\"pri",
    );
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(!answer.error().is_empty());
}

#[test]
fn are_told_what_is_wrong() {
    let (file, postgres) = (Sqlite::new(), Postgres::start());
    let long = format!("/api/products/search?q={}", "x".repeat(101));
    let large = format!(r#"{{"price": "{}"}}"#, "1".repeat(20_000));
    let cases = [
        ("GET", "/api/products/search?q=%00", "", 400, "NUL"),
        ("GET", &long, "", 400, "longer than 100"),
        ("GET", "/api/products/search?category_id=x", "", 400, "category_id"),
        ("GET", "/api/products?limit=0", "", 400, "limit must be from 1 to 100"),
        ("GET", "/api/products?offset=-1", "", 400, "offset must be from 0"),
        ("GET", "/api/products/9223372036854775808", "", 400, "Cannot parse"),
        ("GET", "/api/products/7?use_cache=maybe", "", 400, "use_cache"),
        ("GET", "/api/dashboard/activity?days=367", "", 400, "days must be from 1 to 366"),
        ("GET", "/api/products/-1", "", 404, "no such product"),
        ("GET", "/api/compare/all", "", 404, "categories, search and top"),
        ("GET", "/nowhere", "", 404, "no such address"),
        ("DELETE", "/api/products/7", "", 405, "no such method"),
        ("PUT", "/api/products/7/price", "", 400, "JSON"),
        ("PUT", "/api/products/7/price", &large, 413, "length limit"),
        ("PUT", "/api/products/7/price", r#"{"price": 12.5}"#, 422, "expected a string"),
        ("PUT", "/api/products/7/price", r#"{"price": "12.505"}"#, 422, "two decimals"),
        ("PUT", "/api/products/7/price", r#"{"price": "-0.01"}"#, 400, "from 0.00"),
        ("PUT", "/api/products/999/price", r#"{"price": "1"}"#, 404, "no such product"),
        (
            "POST",
            "/api/products/7/reviews",
            r#"{"author": "a\u0000", "rating": 3, "body": ""}"#,
            400,
            "NUL",
        ),
        (
            "POST",
            "/api/products/7/reviews",
            r#"{"author": " ", "rating": 3, "body": ""}"#,
            400,
            "author is empty",
        ),
        (
            "POST",
            "/api/products/7/reviews",
            r#"{"author": "a", "rating": 6, "body": ""}"#,
            400,
            "rating must be from 1 to 5",
        ),
        (
            "POST",
            "/api/products/999/reviews",
            r#"{"author": "a", "rating": 5, "body": ""}"#,
            404,
            "no such product",
        ),
    ];
    for url in [file.url(), postgres.database("catalog")] {
        let service = Service::start(&["--database-url", &url]);
        for (method, path, body, status, reason) in &cases {
            let answer = service.send_json(method, path, body);
            assert_eq!(answer.status, *status, "{method} {path}: {answer:?}");
            assert!(answer.error().contains(reason), "{method} {path}: {}", answer.error());
        }
        let text = service.send("PUT", "/api/products/7/price", &[], r#"{"price": "1"}"#);
        assert_eq!(text.status, 415); // so that no form of another page can send it
    }
}
