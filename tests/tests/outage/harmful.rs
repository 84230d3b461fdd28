//! Values that the server answers by closing the connection: their keys are left alone.

use super::*;
use cache_tests::{Logs, RedisServer, builder_at, is_stored, limited, unique};

const MEGABYTES: usize = 2 << 20;

#[redis_cache(ttl = 60, key = "huge:{n}")]
async fn huge(runs: &Runs, n: u64) -> String {
    runs.one_more();
    n.to_string().repeat(MEGABYTES)
}

/// Calls it again and again; the small keys beside it are hits all the while, and that it is left
/// alone is said once.
async fn is_left_alone(server: &RedisServer) {
    let prefix = unique("harm");
    let (logs, outages) = (Logs::capture(format!("{prefix}:")), Logs::capture(server.address()));
    let cache = builder_at(&server.url()).prefix(&prefix).build().unwrap();
    limited(async {
        warm(&cache, 1).await;
        for round in 0..6 {
            let runs = Runs::default();
            let (value, observed, took) = called(&cache, huge(&runs, 7)).await;
            assert_eq!((value.len(), runs.count(), observed.misses), (MEGABYTES, 1, 1));
            assert!(took < DEADLINE / 6, "round {round} waited: {took:?}");
            let together = (0..8).map(|_| hits(&cache, 1));
            let all = futures_util::future::join_all(together).await;
            assert!(all.iter().all(|hit| *hit), "round {round}: {all:?}");
        }
        let said = |logs: &Logs, text| logs.lines().iter().filter(|l| l.contains(text)).count();
        assert_eq!(said(&outages, "out of reach"), 0, "{:#?}", outages.lines());
        assert_eq!(said(&logs, "left alone"), 1, "{:#?}", logs.lines());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_the_server_does_not_take() {
    let server = RedisServer::with_args(&["--proto-max-bulk-len", "1mb"]);
    is_left_alone(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_the_server_may_not_send() {
    let server = RedisServer::start();
    server.config_set("client-output-buffer-limit", "normal 1mb 0 0");
    is_left_alone(&server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_beside_one_that_ends_the_connection_are_hits() {
    let server = RedisServer::start();
    let cache = cache_tests::cache_at(&server.url());
    limited(async {
        warm(&cache, 1).await;
        called(&cache, huge(&Runs::default(), 7)).await;
        assert!(is_stored(&server, "t:huge:7"));
        server.config_set("client-output-buffer-limit", "normal 1mb 0 0");
        for _ in 0..3 {
            let small = futures_util::future::join_all((0..16).map(|_| hits(&cache, 1)));
            let runs = Runs::default();
            let (all, _) = tokio::join!(small, called(&cache, huge(&runs, 7)));
            assert!(all.iter().all(|hit| *hit), "{all:?}");
        }
    })
    .await;
}
