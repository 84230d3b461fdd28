//! Values that are larger than what is read, or than what can be read in time: they are not fetched
//! again and again, and nobody else notices.

use super::*;
use cache_tests::{Fault, FaultProxy, Logs, RedisServer, builder_at, is_stored, limited, unique};

const MEGABYTE: usize = 1 << 20;

#[redis_cache(ttl = 60, key = "long:{n}")]
async fn long(runs: &Runs, n: u64) -> String {
    runs.one_more();
    n.to_string().repeat(20_000)
}

#[redis_cache(ttl = 60, key = "long:{n}", stale_if_error = 60)]
async fn long_or_stale(runs: &Runs, n: u64) -> Result<String, Failure> {
    runs.one_more();
    Ok(n.to_string().repeat(20_000))
}

#[redis_cache(ttl = 60, key = "long:{n}", max_size = "4mb")]
async fn up_to_four_megabytes(runs: &Runs, n: u64) -> String {
    runs.one_more();
    n.to_string().repeat(3 * MEGABYTE)
}

#[redis_cache(ttl = 60, key = "long:{n}", max_size = "10kb")]
async fn up_to_ten_kilobytes(runs: &Runs, n: u64) -> u64 {
    runs.one_more();
    n
}

/// What somebody else wrote under the key.
fn write(server: &RedisServer, key: &str, bytes: usize) {
    server.command::<()>(&["SET", key, &"7".repeat(bytes)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_cannot_be_read_in_time_is_left_alone_after_the_second_time() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let prefix = unique("slow");
    let logs = Logs::capture(format!("{prefix}:"));
    let timeout = Duration::from_secs(1);
    let cache = builder_at(&proxy.url()).prefix(&prefix).timeout(timeout).build().unwrap();
    let said = || logs.lines().iter().filter(|line| line.contains("left alone")).count();
    limited(async {
        for n in 1..=8 {
            warm(&cache, n).await;
        }
        called(&cache, long(&Runs::default(), 7)).await;
        assert!(is_stored(&server, &format!("{prefix}:long:7")));

        proxy.set(Fault::Hold(4096));
        let small = || futures_util::future::join_all((1..=8).map(|n| hits(&cache, n)));
        eventually(DEADLINE, async || {
            // Whoever waits behind it is suspected as well.
            let runs = Runs::default();
            let (_, (value, observed, _)) = tokio::join!(small(), called(&cache, long(&runs, 7)));
            assert_eq!((value.len(), runs.count(), observed.misses), (20_000, 1, 1));
            eventually(DEADLINE, async || small().await.iter().all(|hit| *hit)).await;
            said() == 1
        })
        .await;
        let held = proxy.held();
        assert!(held >= 2, "the first time proves nothing");
        for _ in 0..3 {
            let runs = Runs::default();
            let (all, (value, ..)) = tokio::join!(small(), called(&cache, long(&runs, 7)));
            assert_eq!((value.len(), runs.count()), (20_000, 1));
            assert!(all.iter().all(|hit| *hit), "{all:?}");
        }
        assert_eq!((proxy.held(), said()), (held, 1), "{:#?}", logs.lines());
    })
    .await;
}

/// What is suspected since the server hung is found innocent, and stored and read as ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_again_and_again_is_not_the_values_fault() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let cache = builder_at(&proxy.url()).timeout(Duration::from_millis(50)).build().unwrap();
    limited(async {
        for _ in 0..4 {
            let well = async || called(&cache, long(&Runs::default(), 7)).await.1.hits == 1;
            eventually(DEADLINE, well).await;
            proxy.set(Fault::Stall);
            let (.., took) = called(&cache, long(&Runs::default(), 7)).await;
            assert!(took >= Duration::from_millis(50), "it hangs");
            proxy.set(Fault::None);
        }
        eventually(DEADLINE, async || called(&cache, long(&Runs::default(), 7)).await.1.hits == 1)
            .await;
    })
    .await;
}

/// Its function runs, its bytes stay where they are, and small keys beside it are hits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_value_above_the_limit_is_not_fetched() {
    let server = RedisServer::start();
    let prefix = unique("large");
    let (logs, outages) = (Logs::capture(format!("{prefix}:")), Logs::capture(server.address()));
    let cache = builder_at(&server.url()).prefix(&prefix).max_size(MEGABYTE).build().unwrap();
    limited(async {
        warm(&cache, 1).await;
        for n in 7..=8 {
            write(&server, &format!("{prefix}:long:{n}"), 3 * MEGABYTE);
            for round in 0..4 {
                let small = futures_util::future::join_all((0..8).map(|_| hits(&cache, 1)));
                let runs = Runs::default();
                let (all, (value, observed, _)) = if n == 7 {
                    tokio::join!(small, called(&cache, long(&runs, n)))
                } else {
                    let or_stale = async {
                        let (value, ..) = called(&cache, long_or_stale(&runs, n)).await;
                        (value.unwrap(), cache_runtime::Observed::default(), Duration::ZERO)
                    };
                    tokio::join!(small, or_stale)
                };
                assert_eq!((value.len(), runs.count()), (20_000, 1), "{observed:?}");
                assert!(all.iter().all(|hit| *hit), "{n}, round {round}: {all:?}");
            }
        }
        let said = |logs: &Logs, text| logs.lines().iter().filter(|l| l.contains(text)).count();
        assert_eq!(said(&outages, "out of reach"), 0, "{:#?}", outages.lines());
        assert_eq!(said(&logs, "left alone"), 2, "{:#?}", logs.lines());
        let kept: usize = server.command(&["STRLEN", &format!("{prefix}:long:7")]);
        assert_eq!(kept, 3 * MEGABYTE);
    })
    .await;
}

#[tokio::test]
async fn a_function_that_says_so_reads_more_than_the_cache_does() {
    let server = RedisServer::start();
    let cache = builder_at(&server.url()).max_size(MEGABYTE).build().unwrap();
    limited(async {
        for (hits, misses) in [(0, 1), (1, 0)] {
            let runs = Runs::default();
            let (value, observed, _) = called(&cache, up_to_four_megabytes(&runs, 7)).await;
            assert_eq!(value.len(), 3 * MEGABYTE);
            assert_eq!((observed.hits, observed.misses), (hits, misses), "{observed:?}");
        }
    })
    .await;
}

/// How much the server has sent so far. The answer to this is two kilobytes or so.
fn bytes_sent(server: &RedisServer) -> u64 {
    let stats: String = server.command(&["INFO", "stats"]);
    let sent = stats.lines().find_map(|line| line.strip_prefix("total_net_output_bytes:"));
    sent.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_foreign_value_above_a_functions_limit_is_fetched_once() {
    let server = RedisServer::start();
    let prefix = unique("limit");
    let logs = Logs::capture(format!("{prefix}:"));
    let cache = builder_at(&server.url()).prefix(&prefix).build().unwrap();
    write(&server, &format!("{prefix}:long:7"), 10 * 1024 + 1);
    limited(async {
        for _ in 0..4 {
            let runs = Runs::default();
            let (value, observed, _) = called(&cache, up_to_ten_kilobytes(&runs, 7)).await;
            assert_eq!((value, runs.count(), observed.errors), (7, 1, 1), "{observed:?}");
        }
        assert_eq!(server.calls("strlen"), 0);
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());
        assert!(logs.lines().iter().any(|line| line.contains("max_size")), "{:#?}", logs.lines());
        let sent = bytes_sent(&server);
        called(&cache, up_to_ten_kilobytes(&Runs::default(), 7)).await;
        assert!(bytes_sent(&server) - sent < 10 * 1024, "it is not fetched again");
    })
    .await;
}

#[tokio::test]
async fn a_value_above_the_limit_is_not_stored_and_that_is_said() {
    let server = RedisServer::start();
    let prefix = unique("limit");
    let logs = Logs::capture(format!("{prefix}:"));
    let cache = builder_at(&server.url()).prefix(&prefix).max_size(10_000).build().unwrap();
    limited(async {
        for _ in 0..2 {
            let (value, observed, _) = called(&cache, long(&Runs::default(), 7)).await;
            assert_eq!((value.len(), observed.misses, observed.errors), (20_000, 1, 1));
        }
        assert!(!is_stored(&server, &format!("{prefix}:long:7")));
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());
    })
    .await;
}
