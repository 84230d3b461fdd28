//! Somebody between here and Redis, or Redis itself, closes connections that nobody uses.

use super::*;
use cache_tests::{FaultProxy, Logs, RedisServer, limited};

/// The connections that others have to the server, by their numbers.
fn connections(server: &RedisServer) -> Vec<u64> {
    let list: String = server.command(&["CLIENT", "LIST"]);
    let others = list.lines().filter(|line| !line.contains("cmd=client|list"));
    let id = |line: &str| line.strip_prefix("id=")?.split(' ').next()?.parse().ok();
    others.filter_map(id).collect()
}

/// Those of before are gone, whether there are new ones or not.
async fn all_closed(server: &RedisServer, before: &[u64]) {
    assert!(!before.is_empty());
    let gone = || async { connections(server).iter().all(|id| !before.contains(id)) };
    eventually(DEADLINE, gone).await;
}

#[tokio::test]
async fn a_connection_that_the_server_closes_when_it_idles_costs_no_hit_and_no_alarm() {
    let server = RedisServer::with_args(&["--timeout", "1"]);
    let logs = Logs::capture(server.address());
    let cache = cache_tests::cache_at(&server.url());
    limited(async {
        warm(&cache, 7).await;
        for round in 0..3 {
            all_closed(&server, &connections(&server)).await;
            assert!(hits(&cache, 7).await, "a hit in round {round}");
        }
        assert_eq!(logs.count("WARN"), 0, "{:#?}", logs.lines());
        assert_eq!(logs.count("INFO"), 1, "the first connection: {:#?}", logs.lines());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_whose_connection_ends_under_them_are_sent_again() {
    let server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let cache = cache_tests::cache_at(&server.url());
    limited(async {
        for n in 0..20 {
            warm(&cache, n).await;
        }
        for _ in 0..2 {
            // By this read, the connection of the round before is known to be gone: no read has two
            // connections end under it.
            assert!(hits(&cache, 0).await);
            let before = connections(&server);
            let reads = futures_util::future::join_all((0..20).map(|n| hits(&cache, n)));
            let kill = async { server.command::<u64>(&["CLIENT", "KILL", "TYPE", "normal"]) };
            let (all, _) = tokio::join!(reads, kill);
            assert!(all.iter().all(|hit| *hit), "{all:?}");
            all_closed(&server, &before).await;
        }
        assert_eq!(logs.count("WARN"), 0, "{:#?}", logs.lines());
    })
    .await;
}

/// What ends a connection may end the next one while it is made.
#[tokio::test]
async fn a_connection_that_ends_while_it_replaces_another_costs_no_hit_and_no_alarm() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let ends = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let logs = Logs::capture(proxy.address());
    let cache = cache_tests::cache_at(&proxy.url());
    limited(async {
        warm(&cache, 7).await;
        proxy.lead_to(ends.local_addr().unwrap().port());
        let accepted = tokio::task::spawn_blocking(move || ends.accept().unwrap());
        server.command::<u64>(&["CLIENT", "KILL", "TYPE", "normal"]);
        let end = async {
            let accepted = accepted.await.unwrap();
            proxy.lead_to(server.port());
            drop(accepted);
        };
        let (hit, ()) = tokio::join!(hits(&cache, 7), end);
        assert!(hit);
        assert_eq!(logs.count("WARN"), 0, "{:#?}", logs.lines());
    })
    .await;
}

/// A runtime that runs only now and then sees the end of its connections when it runs again.
#[test]
fn a_runtime_that_slept_through_the_end_of_its_connection_hits() {
    let server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let cache = cache_tests::cache_at(&server.url());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(limited(warm(&cache, 7)));
    for _ in 0..2 {
        let before = connections(&server);
        server.command::<u64>(&["CLIENT", "KILL", "TYPE", "normal"]);
        let gone = || connections(&server).iter().all(|id| !before.contains(id));
        cache_tests::eventually_blocking(DEADLINE, gone);
        assert!(runtime.block_on(limited(hits(&cache, 7))));
    }
    assert_eq!(logs.count("WARN"), 0, "{:#?}", logs.lines());
}
