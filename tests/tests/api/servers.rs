//! Ways to reach a Redis, and how little of it is taken.

use cache_runtime::redis_cache;
use cache_tests::{DEADLINE, RedisServer, builder_at, cache_at, called, eventually, keys};

macro_rules! ten_functions {
    ($($name:ident)+) => {
        $(
            #[redis_cache(ttl = 60)]
            async fn $name(n: u64) -> u64 {
                n
            }
        )+

        async fn call_all(n: u64) {
            tokio::join!($($name(n)),+);
        }
    };
}

ten_functions!(a b c d e f g h i j);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_functions_share_the_connections() {
    for connections in [1, 3] {
        let server = RedisServer::start();
        let cache = builder_at(&server.url()).connections(connections).build().unwrap();
        let before = server.clients();
        let calls: Vec<_> = (0..20)
            .map(|n| {
                let cache = cache.clone();
                tokio::spawn(async move { cache.scope(call_all(n)).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(server.command::<usize>(&["DBSIZE"]), 200);
        let opened = server.clients() - before;
        assert_eq!(opened, connections, "for ten functions and twenty callers");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_cache_closes_its_connections() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    cache.scope(a(1)).await;
    assert_eq!(server.clients(), 1);
    drop(cache);
    eventually(DEADLINE, || async { server.clients() == 0 }).await;
}

/// A user that may touch nothing but `shop:*`, and ask for no figures.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_with_the_keys_of_the_prefix_alone() {
    let server = RedisServer::builder()
        .acl_user(
            "app", // The rights that the README names, and no other.
            "on >se:cr@et ~shop:* +get +set +del +unlink +pttl +pexpire +scan +ping +info +eval \
             +evalsha",
        )
        .start();
    let url = format!("redis://app:se%3Acr%40et@{}", server.address());
    let cache = builder_at(&url).prefix("shop").build().unwrap();
    let (_, first, _) = called(&cache, a(1)).await;
    let (_, second, _) = called(&cache, a(1)).await;
    assert_eq!((first.misses, first.errors), (1, 0));
    assert_eq!((second.hits, second.errors), (1, 0));
    let entry = cache.scope(async { a_entry(1) }).await;
    assert!(entry.ttl().await.unwrap().is_some());
    assert!(entry.invalidate().await.unwrap());
    assert_eq!(cache.clear().await.unwrap(), 0);
    assert_eq!(cache.stats().await.status, cache_runtime::Status::Connected);

    // With another prefix nothing works, and calls go on.
    let stranger = builder_at(&url).prefix("other").build().unwrap();
    let (value, observed, _) = called(&stranger, a(1)).await;
    assert_eq!((value, observed.misses), (1, 1));
    assert_eq!(server.command::<usize>(&["DBSIZE"]), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unix_socket() {
    let mut server = RedisServer::builder().unix_socket().start();
    let cache = cache_at(&format!("redis+unix://{}", server.socket().display()));
    called(&cache, a(1)).await;
    let (_, observed, _) = called(&cache, a(1)).await;
    assert_eq!(observed.hits, 1);
    server.kill();
    let (value, observed, _) = called(&cache, a(1)).await;
    assert_eq!((value, observed.misses), (1, 1));
    server.restart();
    eventually(DEADLINE, || async { called(&cache, a(1)).await.1.hits == 1 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_its_own() {
    let server = RedisServer::start();
    let cache = cache_at(&format!("{}/5", server.url()));
    cache.scope(a(1)).await;
    assert_eq!(keys(&server), Vec::<String>::new(), "not in 0");
    assert!(server.command::<String>(&["INFO", "keyspace"]).contains("db5:keys=1"));
}
