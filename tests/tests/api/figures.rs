//! What operators read.

use cache_runtime::{BreakerState, Error, Status, functions, redis_cache};
use cache_tests::{DEADLINE, RedisServer, cache_at, eventually, in_memory};
use serde_json::{Value, json};

#[redis_cache(ttl = 60, key = "figure:{n}", version = 4, jitter = 0.1)]
async fn figure(n: u64) -> u64 {
    n
}

#[redis_cache]
async fn bare(n: u64) -> u64 {
    n
}

/// The names of all fields, in their order, one level deep for those that have some.
fn names(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), names(value))).collect()
        }
        Value::Array(items) => items.first().map_or(Value::Null, |first| json!([names(first)])),
        _ => Value::Null,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counted_from_the_first_call() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let none = cache.stats().await;
    assert_eq!(none.process.hit_rate, None, "no calls, no rate");
    assert_eq!(serde_json::to_value(&none).unwrap()["process"]["hit_rate"], Value::Null);

    cache
        .scope(async {
            for n in [1, 1, 1, 2] {
                figure(n).await;
            }
            cache_runtime::bypass(figure(3)).await;
        })
        .await;
    let stats = cache.stats().await;
    assert_eq!(stats.status, Status::Connected);
    assert_eq!(stats.breaker, BreakerState::Closed);
    assert_eq!(stats.process.hit_rate, Some(50.0), "two of four, and the bypass is neither");
    let total = stats.process.total;
    assert_eq!((total.hits, total.misses, total.bypassed, total.errors), (2, 2, 1, 0));

    let info = stats.server.clone().unwrap();
    assert!(info.version.unwrap().starts_with(|c: char| c.is_ascii_digit()));
    assert!(info.used_memory.unwrap() > 0 && info.connected_clients.unwrap() > 0);
    assert!(info.keyspace_hits.unwrap() >= 2 && info.keyspace_misses.unwrap() >= 2);
    assert_eq!(server.calls("scan"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_fixed_names() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    cache.scope(figure(1)).await;
    let stats = serde_json::to_value(cache.stats().await).unwrap();
    assert_eq!(
        names(&stats),
        json!({
            "status": null,
            "prefix": null,
            "breaker": null,
            "journal": { "waiting": null, "everything": null, "queued": null, "replayed": null },
            "process": {
                "hits": null, "memory_hits": null, "stale": null, "misses": null, "coalesced": null, "bypassed": null,
                "refreshes": null, "refreshes_skipped": null, "leases_lost": null,
                "errors": null,
                "hit_rate": null, "refreshing": null,
                "l1": {
                    "tracked": null, "entries": null, "bytes": null, "capacity": null,
                    "pushes": null, "drops": null, "evictions": null,
                },
                "functions": [{
                    "path": null, "key": null, "options": names(&stats["process"]["functions"][0]["options"]),
                    "refused": null,
                    "hits": null, "memory_hits": null, "stale": null, "misses": null, "coalesced": null, "bypassed": null,
                    "refreshes": null, "refreshes_skipped": null, "leases_lost": null,
                "errors": null,
                    "hit_rate": null,
                }],
            },
            "server": {
                "version": null, "used_memory": null, "max_memory": null,
                "connected_clients": null, "keyspace_hits": null, "keyspace_misses": null,
            },
        })
    );
    assert_eq!(stats["status"], "connected");
    assert_eq!(stats["prefix"], "t");
    assert_eq!(stats["breaker"], "closed");
}

#[tokio::test]
async fn every_function_is_listed() {
    let listed = functions();
    let find = |path: &str| listed.iter().find(|f| f.path == path).unwrap().clone();
    let figure = find("api.figures.figure");
    assert_eq!(figure.key, Some("figure:{n}"));
    for option in [("ttl", "60"), ("version", "4"), ("jitter", "0.1")] {
        assert!(figure.options.contains(&option), "{:?}", figure.options);
    }
    assert_eq!(figure.refused, None);
    assert_eq!(find("api.figures.bare").key, None);
    let unique: std::collections::HashSet<_> = listed.iter().map(|f| &f.path).collect();
    assert_eq!(unique.len(), listed.len(), "each once");
    in_memory().scope(bare(1)).await;
    let bare = functions().into_iter().find(|f| f.path == "api.figures.bare").unwrap();
    assert_eq!((bare.counts.misses, bare.hit_rate), (1, Some(0.0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_of_each_store() {
    let mut server = RedisServer::start();
    let cache = cache_at(&server.url());
    assert_eq!(cache.ping().await, Ok(()));
    assert_eq!(cache.health().await, Status::Connected);
    server.kill();
    eventually(DEADLINE, || async { cache.health().await == Status::Unreachable }).await;
    let stats = cache.stats().await;
    assert_eq!(stats.status, Status::Unreachable);
    assert_eq!(stats.breaker, BreakerState::Open);
    assert!(stats.server.is_none());

    assert_eq!(in_memory().health().await, Status::Connected);

    let off = cache_at("disabled://");
    assert_eq!(off.ping().await, Err(Error::Disabled));
    assert_eq!(off.health().await, Status::Disabled);
    assert_eq!(off.stats().await.status, Status::Disabled);
    let (value, observed) = cache_runtime::observe(off.scope(figure(5))).await;
    assert_eq!((value, observed.bypassed, observed.misses), (5, 1, 0));
    assert_eq!(off.stats().await.process.hit_rate, None);
}
