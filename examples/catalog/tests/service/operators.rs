//! What those who run it meet: settings, mistakes, the end.

use crate::harness::{Service, Sqlite, TOKEN, program};
use cache_test_servers::{DEADLINE, Postgres, RedisServer, eventually_blocking, free_port};
use sqlx::{Connection, PgConnection, SqliteConnection};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};

/// What it says when it does not start.
fn refusal(args: &[&str], env: &[(&str, &str)]) -> String {
    let Output { status, stderr, stdout } =
        program(args).envs(env.iter().copied()).stdout(Stdio::piped()).output().unwrap();
    assert!(!status.success(), "{args:?} {env:?}");
    assert_eq!(String::from_utf8_lossy(&stdout), "");
    String::from_utf8(stderr).unwrap()
}

fn with_env(env: &[(&str, &str)], args: &[&str]) -> (Service, Sqlite) {
    let file = Sqlite::new();
    let url = file.url();
    let args = [&["--listen", "127.0.0.1:0", "--database-url", &url], args].concat();
    (Service::of(program(&args).envs(env.iter().copied())), file)
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_default() {
    let (service, _file) = with_env(&[], &[]);
    assert!(service.banner.contains("this process' memory, keys catalog:*, TTL 60 s"));
    assert!(service.banner.contains("2 to 10 connections"));
    assert!(service.banner.contains("operators off"));

    let env = [
        ("REDIS_CACHE_TTL", "50"),
        ("REDIS_KEY_PREFIX", "shop"),
        ("DATABASE_POOL_MAX", "7"),
        ("CATALOG_SIMULATE_LATENCY", "true"),
        ("CATALOG_ADMIN_TOKEN", TOKEN),
    ];
    let (service, _file) = with_env(&env, &["--redis-cache-ttl", "40"]);
    assert!(service.banner.contains("keys shop:*, TTL 40 s"), "{}", service.banner);
    assert!(service.banner.contains("2 to 7 connections"));
    assert!(service.banner.contains("simulated"));
    assert!(service.banner.contains("operators on"));

    for (env, args) in [
        (&[("REDIS_ENABLED", "false")][..], &[][..]),
        (&[("REDIS_ENABLED", "true")], &["--no-redis"]),
    ] {
        let (service, _file) = with_env(env, args);
        assert!(service.banner.contains("off: every request"), "{}", service.banner);
        assert_eq!(service.get("/api/categories").x_cache(), "BYPASS");
        assert!(service.get("/health").json().get("redis").is_none());
    }
    let (service, _file) = with_env(&[("REDIS_ENABLED", "false")], &["--redis-enabled"]);
    assert!(service.banner.contains("this process' memory"));
}

#[test]
fn an_empty_variable_and_what_kubernetes_sets_are_no_settings() {
    let redis = RedisServer::builder().requirepass("p@ss/word").start();
    let (port, env) = (redis.port().to_string(), ["REDIS_URL", "REDIS_DB", "REDIS_CACHE_TTL"]);
    let env = [env.map(|name| (name, "")).as_slice(), &[("REDIS_PASSWORD", "p@ss/word")]].concat();
    let (service, _file) = with_env(&env, &["--redis-host", "127.0.0.1", "--redis-port", &port]);
    assert!(service.banner.contains(&format!("redis://127.0.0.1:{port}/0, keys")));
    assert!(service.banner.contains("TTL 60 s"));
    service.get("/api/products/top");
    assert_eq!(redis.try_command::<i64>(&["EXISTS", "catalog:products:top"]), Ok(1));

    let (service, _file) =
        with_env(&[("REDIS_PORT", "tcp://10.0.0.1:6379"), ("REDIS_HOST", "localhost")], &[]);
    assert!(service.banner.contains("redis://localhost:6379/0"), "{}", service.banner);
}

#[test]
fn secrets_are_never_shown() {
    let secret = "s3cret-s3cret-s3cret";
    let url = format!("redis://user:{secret}@127.0.0.1:1/0");
    let database = format!("postgres://user:{secret}@127.0.0.1:1/catalog");
    let env = [
        ("REDIS_URL", url.as_str()),
        ("REDIS_PASSWORD", secret),
        ("CATALOG_ADMIN_TOKEN", secret),
        ("DATABASE_URL", &database),
    ];
    let help = program(&["--help"]).envs(env).output().unwrap();
    assert!(help.status.success());
    assert!(!String::from_utf8_lossy(&help.stdout).contains(secret));

    let (service, _file) = with_env(&env, &[]);
    assert!(service.banner.contains("redis://127.0.0.1:1/0"));
    assert!(!service.banner.contains(secret));

    let redis = format!("redis://user:{secret}@host:notaport");
    assert!(!refusal(&["--redis-url", &redis, "--database-url", "sqlite:x"], &[]).contains(secret));
    assert!(
        !refusal(&["--database-url", &format!("mysql://u:{secret}@h/d")], &[]).contains(secret)
    );
    assert!(
        !refusal(&["--database-url", &format!("postgres://u:{secret}@h:x/d")], &[])
            .contains(secret)
    );
}

#[test]
fn mistakes_are_said_in_their_words() {
    let port = free_port();
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let file = Sqlite::new();
    let url = file.url();
    for (args, expected) in [
        (&["--listen", "8080"][..], "--listen"),
        (&["--database-pool-min", "11"], "--database-pool-min is above"),
        (&["--redis-username", "me"], "--redis-password"),
        (&["--redis-cache-ttl", "0"], "--redis-cache-ttl"),
        (&["--redis-port", "66666"], "--redis-port"),
        (&["--redis-url", "localhost:6379"], "must be a URL such as `redis://127.0.0.1:6379`"),
        (&["--redis-prefix", "shop:eu"], "prefix"),
        (&["--database-url", "catalog.db"], "`sqlite:FILE` or `postgres://"),
        (&["--database-url", "sqlite::memory:"], "a file"),
        (&["--database-url", "sqlite:/no/such/folder/x.db"], "unable to open"),
        (&["--database-url", &url, "--admin-token", "short"], "16 characters"),
        (&["--database-url", &url, "--listen", &address], "cannot listen on"),
    ] {
        let said = refusal(args, &[]);
        assert!(said.contains(expected), "{args:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    assert!(refusal(&[], &[("REDIS_DB", "x")]).contains("--redis-db"));
}

#[test]
fn without_a_token_nobody_is_an_operator() {
    let (service, _file) = with_env(&[], &[]);
    for (method, path) in
        [("GET", "/cache/stats"), ("POST", "/cache/clear"), ("POST", "/api/reviews/1/hide")]
    {
        for headers in [&[][..], &[("authorization", "Bearer ")], &[("authorization", "Bearer x")]]
        {
            let answer = service.send(method, path, headers, "");
            assert_eq!(answer.status, 401, "{path}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{path}");
            assert!(answer.error().contains("CATALOG_ADMIN_TOKEN"), "{}", answer.error());
        }
    }
}

#[test]
fn operators_see_and_drop_what_is_cached() {
    let (service, _file) = with_env(&[("CATALOG_ADMIN_TOKEN", TOKEN)], &[]);
    assert_eq!(service.get("/cache/stats").status, 401);
    for path in ["/api/categories", "/api/products/top", "/api/products/1"] {
        service.get(path);
    }
    let functions = service.as_moderator("GET", "/cache/functions").json();
    let keys = functions.as_array().unwrap().iter().filter_map(|f| f["key"].as_str());
    let mut keys: Vec<_> = keys.collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "categories:stats",
            "dashboard:activity:{query.days}",
            "dashboard:product-count:{query.days}",
            "dashboard:stats",
            "product:{id}",
            "products:list:{page}",
            "products:search:{q}:{category_id}",
            "products:top",
            "reviews:{role}:{id}",
        ]
    );
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let dropped =
        service.send("POST", "/cache/invalidate", &headers, r#"{"pattern": "products:*"}"#);
    assert_eq!((dropped.status, &dropped.json()["removed"]), (200, &1.into()));
    assert_eq!(service.get("/api/products/top").x_cache(), "MISS");
    assert_eq!(service.get("/api/products/1").x_cache(), "HIT");
    assert_eq!(service.as_moderator("POST", "/cache/clear").json()["removed"], 3);
}

#[test]
fn prometheus_reads_what_calls_came_to() {
    let (service, _file) = with_env(&[], &[]);
    for _ in 0..3 {
        service.get("/api/products/top");
    }
    let metrics = service.get("/metrics").body;
    for (outcome, count) in [("miss", 1), ("hit", 2)] {
        let line = format!(
            "cache_requests_total{{function=\"catalog.queries.top.top_products\",\
             outcome=\"{outcome}\"}} {count}"
        );
        assert!(metrics.lines().any(|own| own == line), "{line} is not in {metrics}");
    }
}

#[test]
fn it_finishes_what_it_has_begun_before_it_ends() {
    let redis = RedisServer::start();
    let (service, _file) = with_env(&[("REDIS_URL", &redis.url())], &["--simulate-latency"]);
    let mut stream = TcpStream::connect(&service.address).unwrap();
    stream
        .write_all(b"GET /api/products/top HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .unwrap();
    // Its query is under way once there is a lease.
    eventually_blocking(DEADLINE, || {
        redis.command::<bool>(&["EXISTS", "catalog:~lease:{catalog:products:top}"])
    });
    assert!(service.terminate().success());
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Another replica sets the database up, for long.
#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_ended_before_it_has_begun() {
    let postgres = Postgres::start();
    let url = postgres.database("catalog");
    let mut other = PgConnection::connect(&url).await.unwrap();
    sqlx::query("SELECT pg_advisory_lock(x'636174616c6f67'::bigint)")
        .execute(&mut other)
        .await
        .unwrap();
    let mut starting = program(&["--listen", "127.0.0.1:0", "--database-url", &url])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut waits = false;
    while !waits {
        let waiting =
            "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        waits = sqlx::query_scalar(waiting).fetch_one(&mut other).await.unwrap();
        assert_eq!(starting.try_wait().unwrap(), None, "it does not wait");
    }
    let pid = starting.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut status = None;
    eventually_blocking(DEADLINE, || {
        status = starting.try_wait().unwrap();
        status.is_some()
    });
    assert!(status.unwrap().success(), "it heeds the signal, as a container's first process must");
}

/// A backup, say.
#[tokio::test(flavor = "multi_thread")]
async fn who_locks_sqlite_keeps_nobody_from_reading() {
    let (service, file) = with_env(&[], &[]);
    let mut other = SqliteConnection::connect(&file.url()).await.unwrap();
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    assert_eq!(service.get("/api/products/7?use_cache=false").status, 200);
    let refused = service.send_json("PUT", "/api/products/7/price", r#"{"price": "1"}"#);
    assert_eq!(refused.status, 503, "to be tried again: {refused:?}");
}

#[test]
fn the_readme_names_every_setting_and_its_default() {
    let readme = include_str!("../../README.md");
    let help = program(&["--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let mut settings = 0;
    for flag in help.split_whitespace().filter(|word| word.starts_with("--")) {
        if !["--help", "--version"].contains(&flag) {
            settings += 1;
            assert!(readme.contains(&format!("`{flag}")), "{flag} is not in README.md");
        }
    }
    for line in help.lines() {
        let Some((_, variable)) = line.split_once("[env: ") else { continue };
        let variable = variable.split([']', '=']).next().unwrap();
        let row = readme.lines().find(|row| row.contains(&format!("`{variable}`")));
        let row = row.unwrap_or_else(|| panic!("{variable} is not in README.md"));
        if let Some((_, default)) = line.split_once("[default: ") {
            let default = default.split(']').next().unwrap();
            assert!(row.contains(&format!("`{default}`")), "{variable}: {default} is not in {row}");
        }
    }
    assert_eq!(settings, 17);
}
