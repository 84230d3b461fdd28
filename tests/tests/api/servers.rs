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
        // For ten functions and twenty callers; and for a moment another, which asks what is lacking.
        eventually(DEADLINE, || async { server.clients() - before == connections }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_cache_closes_its_connections() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    cache.scope(a(1)).await;
    eventually(DEADLINE, || async { server.clients() == 1 }).await;
    drop(cache);
    eventually(DEADLINE, || async { server.clients() == 0 }).await;
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
