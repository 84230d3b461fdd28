//! What is answered: the same from both databases, and with or without the cache.

use crate::harness::{Answer, Service, Sqlite};
use cache_test_servers::Postgres;
use serde_json::Value;
use std::path::Path;

/// Every read, in several ways.
const READS: [&str; 23] = [
    "/api/categories",
    "/api/products/search",
    "/api/products/search?q=lamp",
    "/api/products/search?q=LAMP&category_id=8",
    "/api/products/search?q=cr%C3%8Ape",
    "/api/products/search?q=100%25",
    "/api/products/search?q=classic&category_id=3", // Éclair Tin: by bytes, after all others
    "/api/products/search?q=_",
    "/api/products/search?q=%5C",
    "/api/products/search?q=%C3%A6r%C3%B8",
    "/api/products/search?category_id=99",
    "/api/products/top",
    "/api/products",
    "/api/products?limit=3&offset=497",
    "/api/products/1",
    "/api/products/500",
    "/api/products/501",
    "/api/products/25/reviews",
    "/api/products/501/reviews",
    "/api/dashboard/stats",
    "/api/dashboard/activity?days=7",
    "/api/dashboard/product-count?days=90",
    "/",
];

/// What must not differ: all but the date and what a header says of the cache.
fn essence(answer: &Answer) -> (u16, &str, Option<&str>) {
    (answer.status, &answer.body, answer.header("etag"))
}

#[test]
fn both_databases_answer_alike_with_and_without_the_cache() {
    let (file, other_file, postgres) = (Sqlite::new(), Sqlite::new(), Postgres::start());
    let sqlite = Service::start(&["--database-url", &file.url()]);
    let uncached = Service::start(&["--database-url", &other_file.url(), "--no-redis"]);
    let server = Service::start(&["--database-url", &postgres.database("catalog")]);
    let all = [&sqlite, &server, &uncached];
    let same = |path: &str| {
        let [of_sqlite, of_server, uncached] = all.map(|service| service.get(path));
        let again = sqlite.get(path);
        assert_eq!(essence(&of_sqlite), essence(&of_server), "{path}");
        assert_eq!(essence(&of_sqlite), essence(&uncached), "{path}");
        assert_eq!(essence(&of_sqlite), essence(&again), "{path}");
        if path.starts_with("/api") && of_sqlite.status == 200 {
            assert_eq!((again.x_cache(), uncached.x_cache()), ("HIT", "BYPASS"), "{path}");
        }
    };
    READS.iter().for_each(|path| same(path));

    // And after the same changes. (The review's time is its own: it is not compared. The dashboard
    // may be old: it is asked for without the cache.)
    let price = r#"{"price": "1.05"}"#;
    let review = r#"{"author": "Zoë", "rating": 1, "body": "No."}"#;
    for service in all {
        assert_eq!(service.send_json("PUT", "/api/products/17/price", price).status, 200);
        let posted = service.send_json("POST", "/api/products/17/reviews", review);
        assert_eq!((posted.status, &posted.json()["id"]), (201, &Value::from(5001)));
        assert_eq!(service.as_moderator("POST", "/api/reviews/161/hide").status, 204);
    }
    for path in READS {
        if path.contains("dashboard") {
            let separator = if path.contains('?') { '&' } else { '?' };
            let path = format!("{path}{separator}use_cache=false");
            assert_eq!(essence(&sqlite.get(&path)), essence(&server.get(&path)), "{path}");
        } else {
            same(path);
        }
    }
    same("/api/products/17");
}

#[test]
fn a_database_that_the_deployment_files_load_is_the_one_that_the_service_loads() {
    let postgres = Postgres::start();
    let (by_files, by_itself) = (postgres.database("files"), postgres.database("itself"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let deploy = "deploy/postgres";
    for file in [
        &format!("{deploy}/0-collation.sql"),
        "db/schema.sql",
        "db/seed.sql",
        &format!("{deploy}/3-finish.sql"),
    ] {
        postgres.run_file(&by_files, &folder.join(file));
    }
    let by_files = Service::start(&["--database-url", &by_files]);
    let by_itself = Service::start(&["--database-url", &by_itself]);
    for path in READS {
        assert_eq!(essence(&by_files.get(path)), essence(&by_itself.get(path)), "{path}");
    }
}

#[test]
fn figures_are_right_and_exact() {
    let file = Sqlite::new();
    let service = Service::start(&["--database-url", &file.url()]);
    let products = (0..5).flat_map(|page| {
        let page = service.get(&format!("/api/products?limit=100&offset={}", page * 100)).json();
        page.as_array().unwrap().clone()
    });
    let (mut audio, mut all) = (Vec::new(), 0);
    for product in products {
        all += 1;
        if product["category_id"] == 1 {
            let price = product["price"].as_str().unwrap().replace('.', "");
            audio.push(price.parse::<u64>().unwrap());
        }
    }
    assert_eq!((all, audio.len()), (500, 50));

    let categories = service.get("/api/categories").json();
    assert_eq!(categories.as_array().map(Vec::len), Some(10));
    let decimal = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
    let sum: u64 = audio.iter().sum();
    // Half to even, here in floats: good enough for two places.
    #[allow(clippy::cast_precision_loss)]
    let average = (sum as f64 / 50.0).round_ties_even();
    assert_eq!(categories[0]["average_price"], format!("{:.2}", average / 100.0));
    assert_eq!(categories[0]["lowest_price"], decimal(*audio.iter().min().unwrap()));
    assert_eq!(categories[0]["highest_price"], decimal(*audio.iter().max().unwrap()));

    let top = service.get("/api/products/top").json();
    let top = top.as_array().unwrap();
    assert_eq!(top.len(), 30);
    // Nearly all reviews of every 25th product are hidden.
    assert!(top.iter().all(|product| product["product_id"].as_i64().unwrap() % 25 != 0));
    let ranks = top.iter().map(|product| product["rank"].as_i64().unwrap());
    assert!(ranks.eq([1, 2, 3].into_iter().cycle().take(30)));
}

#[test]
fn a_search_means_what_was_typed() {
    let file = Sqlite::new();
    let service = Service::start(&["--database-url", &file.url()]);
    let names = |query: &str| -> Vec<String> {
        let found = service.get(&format!("/api/products/search?{query}")).json();
        let found = found.as_array().unwrap().iter();
        found.map(|product| product["name"].as_str().unwrap().to_owned()).collect()
    };
    // As wildcards these would find everything.
    assert_eq!(names("q=100%25%20r").len(), 50);
    assert!(names("q=1%25r").is_empty());
    assert!(names("q=_").is_empty());
    assert!(names("q=%5C").is_empty());
    assert_eq!(names("q=CR%C3%8APE%20P").len(), 5);
    assert_eq!(names("q=chef%27s&category_id=3").len(), 5);

    let all = names("");
    assert_eq!(all.len(), 50);
    assert!(all.is_sorted());
    assert!(names("q=++lamp+").iter().all(|name| name.to_lowercase().contains("lamp")));
    // However it was typed, it is one entry.
    assert_eq!(service.get("/api/products/search?category_id=&q=lamp").x_cache(), "HIT");
    assert_eq!(service.get("/api/products/search?q=LaMp").x_cache(), "HIT");
}

#[test]
fn pages_of_other_origins_read_and_do_not_write() {
    let file = Sqlite::new();
    let service = Service::start(&["--database-url", &file.url()]);
    let origin = ("origin", "https://elsewhere.example");
    let read = service.send("GET", "/api/categories", &[origin], "");
    assert_eq!(read.header("access-control-allow-origin"), Some("*"));
    for (path, method, header) in [
        ("/api/reviews/1/hide", "POST", "authorization"),
        ("/cache/clear", "POST", "authorization"),
        ("/api/products/1/reviews", "POST", "content-type"),
        ("/api/products/1/price", "PUT", "content-type"),
    ] {
        let asked = [
            origin,
            ("access-control-request-method", method),
            ("access-control-request-headers", header),
        ];
        let allowed = service.send("OPTIONS", path, &asked, "");
        assert_eq!(allowed.header("access-control-allow-headers"), None, "{path}");
    }
}

#[test]
fn who_has_an_answer_is_not_sent_it_again() {
    let file = Sqlite::new();
    let service = Service::start(&["--database-url", &file.url()]);
    let first = service.get("/api/categories");
    let tag = first.header("etag").unwrap();
    let again = service.send("GET", "/api/categories", &[("if-none-match", tag)], "");
    assert_eq!((again.status, again.body.as_str(), again.x_cache()), (304, "", "HIT"));

    let price = r#"{"price": "0.01"}"#;
    assert_eq!(service.send_json("PUT", "/api/products/1/price", price).status, 200);
    let changed = service.send("GET", "/api/categories", &[("if-none-match", tag)], "");
    assert_eq!((changed.status, changed.x_cache()), (200, "MISS"));
    assert_ne!(changed.header("etag"), Some(tag));

    let gzip = ("accept-encoding", "gzip");
    let compressed = service.send("GET", "/api/categories", &[gzip], "");
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    let tag = compressed.header("etag").unwrap();
    let again = service.send("GET", "/api/categories", &[gzip, ("if-none-match", tag)], "");
    assert_eq!((again.status, again.header("content-encoding")), (304, None), "it has no content");
}

#[test]
fn parameters_are_one_key_in_any_order_and_with_whatever_else() {
    let file = Sqlite::new();
    let service = Service::start(&["--database-url", &file.url()]);
    assert_eq!(service.get("/api/products?limit=5&offset=10").x_cache(), "MISS");
    for same in ["offset=10&limit=5", "limit=5&utm_source=x&offset=10&utm_source=y"] {
        assert_eq!(service.get(&format!("/api/products?{same}")).x_cache(), "HIT", "{same}");
    }
    assert_eq!(service.get("/api/products?limit=5&offset=11").x_cache(), "MISS");
    for twice in [
        "products?limit=5&limit=6",
        "products/search?q=a&q=b",
        "products?use_cache=true&use_cache=false",
    ] {
        let answer = service.get(&format!("/api/{twice}"));
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(!answer.error().is_empty());
    }
}

#[test]
fn the_cache_can_be_left_out_and_compared() {
    let file = Sqlite::new();
    let service = Service::start(&["--database-url", &file.url(), "--simulate-latency"]);
    for (query, latency) in [("categories", 300.0), ("search", 250.0), ("top", 350.0)] {
        let compare = |use_cache: bool| {
            let path = format!("/api/compare/{query}?q=lamp&use_cache={use_cache}");
            service.get(&path).json()
        };
        let (first, second, without) = (compare(true), compare(true), compare(false));
        assert_eq!(first["source"], "database");
        assert_eq!(second["source"], "cache");
        assert_eq!(without["source"], "database");
        assert_eq!(first["data"], second["data"]);
        assert_eq!(first["data"], without["data"]);
        let took = |answer: &Value| answer["duration_ms"].as_f64().unwrap();
        assert!(took(&first) >= latency && took(&without) >= latency, "{query}");
        assert!(took(&second) < latency / 3.0, "{query}: {}", took(&second));
    }
    assert_eq!(service.get("/api/categories?use_cache=false").x_cache(), "BYPASS");
    assert_eq!(service.get("/api/compare/else").status, 404);
    let status = service.get("/api/status").json();
    assert_eq!((&status["hits"], &status["misses"]), (&Value::from(3), &Value::from(3)));
    assert_eq!(status["simulate_latency"], true);
}

#[test]
fn roles_never_share_an_answer() {
    let file = Sqlite::new();
    let service = Service::start(&["--database-url", &file.url()]);
    let path = "/api/products/25/reviews"; // six of its ten are hidden
    let count = |answer: &Answer| answer.json().as_array().unwrap().len();
    // Whoever comes first.
    assert_eq!(count(&service.as_moderator("GET", path)), 10);
    assert_eq!(count(&service.get(path)), 4);
    assert_eq!(count(&service.as_moderator("GET", path)), 10);
    assert_eq!(service.get(path).header("vary"), Some("authorization"));
    for wrong in ["Bearer wrong", "Bearer ", "Basic eDp5", ""] {
        let answer = service.send("GET", path, &[("authorization", wrong)], "");
        assert_eq!((count(&answer), answer.body.contains("hidden")), (4, false), "{wrong:?}");
    }
    let hide = |headers: &[(&str, &str)]| {
        service.send("POST", "/api/reviews/241/hide", headers, "").status
    };
    assert_eq!(hide(&[]), 401);
    for none in ["Basic eDp5", "Bearer", "Bearer  "] {
        assert_eq!(hide(&[("authorization", none)]), 401, "{none:?}");
    }
    assert_eq!(hide(&[("authorization", "Bearer wrong")]), 403);
    assert_eq!(count(&service.get(path)), 4);
    assert_eq!(service.as_moderator("POST", "/api/reviews/241/hide").status, 204);
    assert_eq!(count(&service.get(path)), 3);
    assert_eq!(service.as_moderator("POST", "/api/reviews/99999/hide").status, 404);
}
