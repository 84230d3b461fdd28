//! Redis is not there, dies, or hangs.

use super::*;
use cache_tests::limited;
use cache_tests::{Logs, RedisServer};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[tokio::test]
async fn down_from_the_start() {
    let mut server = RedisServer::start();
    server.kill();
    let logs = Logs::capture(server.address());
    let cache = cache_at(&server.url());
    limited(async {
        let together: Vec<_> = (0..50).map(|n| computes(&cache, n)).collect();
        futures_util::future::join_all(together).await;
        adds_nothing(&cache);
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());

        server.restart();
        recovers(&cache, 1).await;
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());
        assert_eq!(logs.count("INFO"), 1, "the recovery is said: {:#?}", logs.lines());
    })
    .await;
}

/// Two outages in one run, under load all the while: every call returns its own value, and
/// bodies run exactly where no value was served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_restarted_under_load() {
    let mut server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let cache = cache_at(&server.url());
    let (stop, runs) = (Arc::new(AtomicBool::new(false)), Arc::new(Runs::default()));
    let (calls, accounted) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let callers: Vec<_> = (0..16_u64)
        .map(|caller| {
            let (cache, stop, runs) = (cache.clone(), stop.clone(), runs.clone());
            let (calls, accounted) = (calls.clone(), accounted.clone());
            tokio::spawn(async move {
                let (mut misses, mut slowest) = (0, Duration::ZERO);
                while !stop.load(Ordering::Relaxed) {
                    let n = calls.fetch_add(1, Ordering::Relaxed) % 64 + caller % 2;
                    let (value, observed, took) = called(&cache, doubled(&runs, n)).await;
                    assert_eq!(value.unwrap(), n * 2);
                    accounted.fetch_add(
                        observed.hits + observed.misses + observed.coalesced,
                        Ordering::Relaxed,
                    );
                    misses += observed.misses;
                    slowest = slowest.max(took);
                    tokio::task::yield_now().await;
                }
                (misses, slowest)
            })
        })
        .collect();
    limited(async {
        let asked = |more: u64| {
            let target = calls.load(Ordering::Relaxed) + more;
            let calls = calls.clone();
            eventually(DEADLINE, move || {
                let calls = calls.clone();
                async move { calls.load(Ordering::Relaxed) >= target }
            })
        };
        for outage in 1..=2 {
            asked(200).await;
            server.kill();
            asked(200).await;
            server.restart();
            recovers(&cache, 1000 + outage).await;
            // "Redis is back" follows each outage, after which the next is a new one.
            within_a_second(|| async { logs.count("INFO") > outage as usize }).await;
        }
        stop.store(true, Ordering::Relaxed);
        let mut misses = 0;
        for caller in callers {
            let (missed, slowest) = caller.await.unwrap();
            misses += missed;
            assert!(slowest < DEADLINE, "a call took {slowest:?}");
        }
        assert_eq!(misses, runs.count(), "a body ran that no call was told of, or twice");
        assert_eq!(calls.load(Ordering::Relaxed), accounted.load(Ordering::Relaxed));
        assert_eq!(logs.count("WARN"), 2, "one per outage: {:#?}", logs.lines());
    })
    .await;
}

#[tokio::test]
async fn stopped_and_continued() {
    let server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let cache = cache_at(&server.url());
    limited(async {
        warm(&cache, 7).await;
        server.stop();
        wait_for(TIMEOUT, computes(&cache, 7)).await;
        adds_nothing(&cache);
        server.cont();
        recovers(&cache, 7).await;
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());
    })
    .await;
}

/// What a failover or a long script looks like: connected, and silent.
#[tokio::test]
async fn paused() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    limited(async {
        warm(&cache, 7).await;
        server.command::<()>(&["CLIENT", "PAUSE", "3000", "ALL"]);
        wait_for(TIMEOUT, computes(&cache, 7)).await;
        adds_nothing(&cache);
        // Nobody can end it, but this answers when it ends.
        server.command::<String>(&["PING"]);
        recovers(&cache, 8).await;
    })
    .await;
}

/// A server that hangs from the start takes connections, so that no refusal says anything.
#[tokio::test]
async fn stopped_from_the_start() {
    let server = RedisServer::start();
    server.stop();
    let cache = cache_at(&server.url());
    limited(async {
        let together: Vec<_> = (0..20).map(|n| computes(&cache, n)).collect();
        wait_for(TIMEOUT, futures_util::future::join_all(together)).await;
        adds_nothing(&cache);
        server.cont();
        recovers(&cache, 1).await;
    })
    .await;
}
