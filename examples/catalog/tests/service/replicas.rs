//! Several processes on one Redis and one database.

use crate::harness::{Answer, Service, Sqlite, under_load};
use cache_test_servers::{DEADLINE, Fault, FaultProxy, Postgres, RedisServer, eventually_blocking};
use std::time::{Duration, Instant};

fn replica(database: &str, redis: &RedisServer) -> Service {
    Service::start(&["--database-url", database, "--redis-url", &redis.url()])
}

/// Everything that shows the price of product 17, which is one of the best.
const SHOWS_PRICES: [&str; 6] = [
    "/api/products/17",
    "/api/products?limit=20",
    "/api/products/search?q=soundbar",
    "/api/products/top",
    "/api/categories",
    "/api/compare/categories",
];

#[test]
fn a_change_is_seen_by_the_next_read_of_every_replica() {
    let (file, redis) = (Sqlite::new(), RedisServer::start());
    let replicas = [replica(&file.url(), &redis), replica(&file.url(), &redis)];
    for cents in 1..=20 {
        for replica in &replicas {
            SHOWS_PRICES.iter().for_each(|path| assert_eq!(replica.get(path).status, 200));
        }
        // The dearest of its category, so that the category shows it too.
        let price = format!("9999.{cents:02}");
        let body = format!(r#"{{"price": "{price}"}}"#);
        let writer = &replicas[cents % 2];
        assert_eq!(writer.send_json("PUT", "/api/products/17/price", &body).status, 200);
        for path in SHOWS_PRICES {
            let seen = replicas.each_ref().map(|replica| replica.get(path));
            assert!(seen.iter().all(|answer| answer.body.contains(&price)), "{path}: {seen:?}");
            assert_eq!(seen[1].x_cache(), "HIT", "{path}: the replicas share it");
        }
    }
    // What has nothing to do with prices stayed.
    assert_eq!(replicas[0].get("/api/dashboard/activity").x_cache(), "MISS");
    let body = r#"{"price": "1"}"#;
    assert_eq!(replicas[1].send_json("PUT", "/api/products/17/price", body).status, 200);
    assert_eq!(replicas[1].get("/api/dashboard/activity").x_cache(), "HIT");
}

/// The price is written when its client goes, and Redis is not told yet.
#[test]
fn a_change_whose_client_goes_away_is_seen_all_the_same() {
    let (file, redis) = (Sqlite::new(), RedisServer::start());
    let proxy = FaultProxy::start(redis.port());
    let service = Service::start(&["--database-url", &file.url(), "--redis-url", &proxy.url()]);
    assert_eq!(service.get("/api/products/search?q=soundbar").status, 200);
    let search = || service.get("/api/products/search?q=soundbar").body.contains("9999.42");
    assert!(!search());

    proxy.set(Fault::Delay(Duration::from_millis(80)));
    let body = r#"{"price": "9999.42"}"#;
    let client = service.begin_json("PUT", "/api/products/17/price", body);
    eventually_blocking(DEADLINE, || {
        service.get("/api/products/17?use_cache=false").body.contains("9999.42")
    });
    drop(client);
    eventually_blocking(DEADLINE, search);
}

/// Lists, searches and the dashboard: the replica that wrote shows the price at once, although Redis,
/// which it cannot reach, holds what it was; the other one when Redis has been told.
#[test]
fn a_change_while_redis_is_away_is_seen_everywhere() {
    let (file, redis) = (Sqlite::new(), RedisServer::start());
    let proxy = FaultProxy::start(redis.port());
    let other = replica(&file.url(), &redis);
    let writer = Service::start(&["--database-url", &file.url(), "--redis-url", &proxy.url()]);
    let worth = |replica: &Service| replica.get("/api/dashboard/stats").body;
    for replica in [&writer, &other] {
        SHOWS_PRICES.iter().for_each(|path| assert_eq!(replica.get(path).status, 200));
    }
    let before = worth(&other);
    assert_eq!(worth(&writer), before);

    proxy.set(Fault::Drop);
    let body = r#"{"price": "9999.17"}"#;
    assert_eq!(writer.send_json("PUT", "/api/products/17/price", body).status, 200);
    for path in SHOWS_PRICES {
        let seen = writer.get(path);
        assert!(seen.body.contains("9999.17"), "{path}: {seen:?}");
    }
    let after = worth(&writer);
    assert_ne!(after, before);

    proxy.set(Fault::None);
    for path in SHOWS_PRICES {
        eventually_blocking(DEADLINE, || other.get(path).body.contains("9999.17"));
    }
    assert_eq!(worth(&other), after);
    let hits = |replica: &Service| replica.get(SHOWS_PRICES[2]).x_cache() == "HIT";
    eventually_blocking(DEADLINE, || hits(&writer) && hits(&other));
}

#[test]
fn a_review_changes_what_it_should() {
    let (file, redis) = (Sqlite::new(), RedisServer::start());
    let replicas = [replica(&file.url(), &redis), replica(&file.url(), &redis)];
    let count = |replica: &Service| {
        let categories = replica.get("/api/categories").json();
        let product = replica.get("/api/products/8").json();
        let reviews = replica.get("/api/products/8/reviews").json();
        (
            categories[0]["review_count"].as_i64().unwrap(),
            product["review_count"].as_i64().unwrap(),
            reviews.as_array().unwrap().len(),
        )
    };
    let (category, product, listed) = count(&replicas[0]);
    let search = "/api/products/search?q=speaker";
    assert_eq!(replicas[0].get(search).x_cache(), "MISS");
    let body = r#"{"author": "Ada", "rating": 5, "body": "Good."}"#;
    let posted = replicas[0].send_json("POST", "/api/products/8/reviews", body);
    assert_eq!(posted.status, 201);
    assert_eq!(count(&replicas[1]), (category + 1, product + 1, listed + 1));
    let hide = format!("/api/reviews/{}/hide", posted.json()["id"]);
    assert_eq!(replicas[1].as_moderator("POST", &hide).status, 204);
    assert_eq!(count(&replicas[0]), (category, product, listed));
    assert_eq!(replicas[1].get(search).x_cache(), "HIT"); // shows no reviews
}

#[test]
fn a_restarted_replica_hits_at_once_and_lives_are_as_set() {
    let (file, redis) = (Sqlite::new(), RedisServer::start());
    let args = ["--redis-cache-ttl", "77", "--redis-cache-ttl-dashboard", "33"];
    let (url, redis_url) = (file.url(), redis.url());
    let mut all = vec!["--database-url", &url, "--redis-url", &redis_url];
    all.extend(args);
    let (first, begun) = (Service::start(&all), Instant::now());
    let paths = ["/api/products/top", "/api/dashboard/stats"];
    paths.iter().for_each(|path| assert_eq!(first.get(path).x_cache(), "MISS"));
    let ttl = |key: &str| redis.command::<i64>(&["TTL", key]);
    // Redis tells whole seconds, and some have passed.
    let least = |life: i64| life - begun.elapsed().as_secs() as i64 - 1;
    assert!((least(77)..=77).contains(&ttl("catalog:products:top")));
    assert!((least(33)..=33).contains(&ttl("catalog:dashboard:stats")));
    assert!(first.terminate().success());

    let second = Service::start(&all);
    paths.iter().for_each(|path| assert_eq!(second.get(path).x_cache(), "HIT"));
}

#[test]
fn replicas_that_start_together_fill_an_empty_database_once() {
    let (file, postgres) = (Sqlite::new(), Postgres::start());
    for url in [file.url(), postgres.database("catalog")] {
        let services: Vec<Service> = std::thread::scope(|scope| {
            let start = || Service::start(&["--database-url", &url]);
            let starting: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            starting.into_iter().map(|service| service.join().unwrap()).collect()
        });
        for service in &services {
            let stats = service.get("/api/dashboard/stats").json();
            assert_eq!((&stats["products"], &stats["reviews"]), (&500.into(), &4830.into()));
        }
    }
}

#[test]
fn redis_may_come_and_go_under_load() {
    let (file, mut redis) = (Sqlite::new(), RedisServer::start());
    let service = replica(&file.url(), &redis);
    let get = |turn: usize| -> Answer {
        let paths = ["/api/categories", "/api/products/top", "/api/products/search?q=lamp"];
        match turn % 10 {
            9 => service.get(&format!("/api/products/{}", turn % 500 + 1)),
            turn => service.get(paths[turn % 3]),
        }
    };
    let outcome = |wanted: &'static str| {
        eventually_blocking(DEADLINE, || service.get("/api/categories").x_cache() == wanted);
    };
    under_load(
        |turn| {
            let answer = get(turn);
            assert_eq!(answer.status, 200, "{answer:?}");
        },
        || {
            for _ in 0..2 {
                outcome("HIT");
                redis.kill();
                outcome("MISS");
                redis.restart();
            }
            outcome("HIT");
        },
    );
}
