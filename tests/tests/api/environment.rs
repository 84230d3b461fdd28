//! The process-wide cache as the environment describes it: each case in a process of its own.

use cache_runtime::{Builder, Cache, observe, redis_cache};
use cache_tests::{Logs, RedisServer, keys, own_process};
use serde_json::{Value, json};
use std::time::Instant;

#[redis_cache(ttl_setting = "dash_board", key = "plain:{n}")]
async fn plain(n: u64) -> u64 {
    n
}

async fn hits_of(cache: &Cache) -> u64 {
    cache.scope(async { (plain(7).await, plain(7).await) }).await;
    cache.stats().await.process.total.hits
}

const CHILD: &str = "CACHE_TESTS_CHILD";

/// Not a test by itself: what the cases below run in a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let logs = Logs::capture("");
    let (values, observed) = observe(async { (plain(7).await, plain(7).await) }).await;
    assert_eq!(values, (7, 7));
    let built = async |builder: Builder| match builder.build() {
        Ok(cache) => hits_of(&cache).await,
        Err(_) => 0,
    };
    let of_a_test = hits_of(&Cache::in_memory()).await;
    let of_a_program = built(Cache::builder().url("memory://")).await;
    let of_a_decided_program = built(Cache::builder().url("memory://").enabled(true)).await;
    let said = json!({
        "hits": observed.hits,
        "bypassed": observed.bypassed,
        "status": Cache::global().stats().await.status,
        "key": plain_entry(7).key().unwrap(),
        "ttl": plain_entry(7).ttl().await.ok().flatten().map(|ttl| ttl.as_secs_f64()),
        // What is told of functions and writers together is not asked here: see `told`.
        "warnings": logs.lines().into_iter()
            .filter(|line| line.starts_with("WARN") && !line.contains("can render the same key"))
            .filter(|line| !line.contains("no cached function of this program has"))
            .collect::<Vec<_>>(),
        "debug": format!("{:?}", Cache::global()),
        "of_a_test": of_a_test,
        "of_a_program": of_a_program,
        "of_a_decided_program": of_a_decided_program,
    });
    println!("\nsaid:{said}");
}

fn with(environment: &[(&str, &str)]) -> Value {
    let mut command = own_process("environment::child", CHILD, "1");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REDIS_")) {
        command.env_remove(name);
    }
    let output = command.envs(environment.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = text.lines().find_map(|line| line.strip_prefix("said:"));
    let said = said.unwrap_or_else(|| {
        panic!("{environment:?}: {text}\n{}", String::from_utf8_lossy(&output.stderr))
    });
    serde_json::from_str(said).unwrap()
}

fn on(said: &Value) {
    assert_eq!((&said["hits"], &said["status"]), (&json!(1), &json!("connected")), "{said:#}");
    assert_eq!(said["warnings"], json!([]), "{said:#}");
}

fn off(said: &Value, warnings: usize) {
    assert_eq!((&said["bypassed"], &said["status"]), (&json!(2), &json!("disabled")), "{said:#}");
    assert_eq!(said["warnings"].as_array().unwrap().len(), warnings, "{said:#}");
}

/// Whether so much can be left of a life that began after `begun`.
fn is_left(ttl: f64, life: f64, begun: Instant) -> bool {
    (life - 1.0 - begun.elapsed().as_secs_f64()..=life).contains(&ttl)
}

#[test]
fn a_url() {
    let (server, begun) = (RedisServer::start(), Instant::now());
    let said = with(&[("REDIS_URL", &server.url()), ("REDIS_HOST", "not-this.invalid")]);
    on(&said);
    assert_eq!(said["key"], "cache:plain:7");
    let ttl = said["ttl"].as_f64().unwrap();
    assert!(is_left(ttl, 300.0, begun), "the default: {ttl}");
    assert_eq!(keys(&server), ["cache:plain:7"]);
}

#[test]
fn a_host_in_parts() {
    let server = RedisServer::builder().requirepass("pass-in-parts").start();
    let (port, begun) = (server.port().to_string(), Instant::now());
    let said = with(&[
        ("REDIS_URL", ""),
        ("REDIS_HOST", "127.0.0.1"),
        ("REDIS_PORT", &port),
        ("REDIS_DB", "2"),
        ("REDIS_PASSWORD", "pass-in-parts"),
        ("REDIS_KEY_PREFIX", "shop"),
        ("REDIS_CACHE_TTL", "1000"),
        ("REDIS_CACHE_TTL_DASH_BOARD", "2m"),
    ]);
    on(&said);
    assert_eq!(said["key"], "shop:plain:7");
    let ttl = said["ttl"].as_f64().unwrap();
    assert!(is_left(ttl, 120.0, begun), "its own setting: {ttl}");
    assert!(!said.to_string().contains("pass-in-parts"));
}

#[test]
fn switched_off() {
    let server = RedisServer::start();
    let said = with(&[("REDIS_URL", &server.url()), ("REDIS_ENABLED", "false")]);
    off(&said, 1);
    assert!(said["warnings"][0].as_str().unwrap().contains("overrules the program"), "{said:#}");
    assert_eq!((&said["of_a_program"], &said["of_a_test"]), (&json!(0), &json!(1)), "{said:#}");
    assert_eq!(said["of_a_decided_program"], 1, "{said:#}");
    off(&with(&[("REDIS_URL", "disabled://")]), 0);
    assert_eq!(keys(&server), Vec::<String>::new());
}

#[test]
fn companions_of_no_host() {
    let server = RedisServer::start();
    for url in ["", &server.url()] {
        let said =
            with(&[("REDIS_URL", url), ("REDIS_PORT", "6380"), ("REDIS_PASSWORD", "pass-in-vain")]);
        let warnings = said["warnings"].to_string();
        assert!(warnings.contains("ignored=\\\"REDIS_PASSWORD, REDIS_PORT"), "{said:#}");
        assert_eq!(warnings.contains("caching is off"), url.is_empty(), "{said:#}");
        assert!(!said.to_string().contains("pass-in-vain"), "{said:#}");
    }
}

#[test]
fn nothing_said() {
    let said = with(&[]);
    off(&said, 1);
    assert!(said["warnings"][0].as_str().unwrap().contains("REDIS_URL"), "{said:#}");
}

#[test]
fn malformed() {
    for (name, value) in [
        ("REDIS_URL", "redis://user:secret-in-the-url@host:port"),
        ("REDIS_URL", "http://secret-in-the-url@host"),
        ("REDIS_ENABLED", "secret-in-the-url"),
        ("REDIS_KEY_PREFIX", "shop:eu"),
        ("REDIS_CACHE_TTL", "soon"),
        ("REDIS_CACHE_TTL", "0"),
        ("REDIS_CACHE_TTL_DASH_BOARD", "-1"),
        ("REDIS_DB", "-1"),
    ] {
        let mut environment = vec![("REDIS_HOST", "127.0.0.1")];
        environment.push((name, value));
        let said = with(&environment);
        off(&said, 1);
        assert!(said["warnings"][0].as_str().unwrap().contains(name), "{said:#}");
        assert!(!said.to_string().contains("secret-in-the-url"), "{said:#}");
    }
}

/// Kubernetes' own variable for a service called `redis` is none of ours.
#[test]
fn the_port_of_kubernetes() {
    let server = RedisServer::start();
    on(&with(&[("REDIS_URL", &server.url()), ("REDIS_PORT", "tcp://10.0.0.1:6379")]));
}
