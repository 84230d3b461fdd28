//! How the server is reached.

use super::*;

#[test]
fn each_runtime_has_a_pool_of_its_own_and_the_dead_are_replaced() {
    let server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let info = server.url().as_str().into_connection_info().unwrap();
    let store = RedisStore::new(info, "p", 2);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for _ in 0..3 {
        runtime().block_on(async { assert!(works(&store).await) });
    }
    let (one, two) = (runtime(), runtime());
    for _ in 0..3 {
        one.block_on(async { assert!(works(&store).await) });
        two.block_on(async { assert!(works(&store).await) });
    }
    assert_eq!(store.one().pools(), 2, "those of runtimes that have ended are gone");
    cache_test_servers::eventually_blocking(DEADLINE, || server.clients() == 4);
    assert_eq!((logs.count("INFO"), logs.count("WARN")), (1, 0), "{:?}", logs.lines());
    // Outside of a runtime there is nothing to drive a connection.
    let outside = futures_util::FutureExt::now_or_never(store.get("p:k", BUDGET));
    assert_eq!(outside, Some(Err(Error::Unavailable)));
    drop(store);
    one.block_on(eventually(DEADLINE, || async { server.clients() <= 2 }));
    two.block_on(eventually(DEADLINE, || async { server.clients() == 0 }));
}

#[test]
fn two_pools_report_one_outage_once() {
    let mut server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let store = store_at(&server.url());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (one, two) = (runtime(), runtime());
    one.block_on(async { assert!(works(&store).await) });
    two.block_on(async { assert!(works(&store).await) });
    server.kill();
    one.block_on(async { assert!(!works(&store).await) });
    server.restart();
    one.block_on(within_a_second(|| works(&store)));
    // The other has slept through it, finds its connection dead only now, and replaces it.
    two.block_on(async { assert!(works(&store).await) });
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 2), "{:?}", logs.lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_share_the_connections_that_were_asked_for() {
    let server = RedisServer::start();
    let info = server.url().as_str().into_connection_info().unwrap();
    let store = RedisStore::new(info, "p", 3);
    futures_util::future::join_all((0..200).map(|_| works(&store))).await;
    eventually(DEADLINE, || async { server.clients() == 3 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unix_socket_serves_as_well() {
    let server = RedisServer::builder().unix_socket().requirepass("p w").start();
    let url = format!("redis+unix://{}?db=1&pass=p%20w", server.socket().display());
    let store = store_at(&url);
    store.set("p:k", b"v", MINUTE, BUDGET).await.unwrap();
    assert_eq!(store.get("p:k", BUDGET).await, Ok(Some(b"v".to_vec())));
    let size: i64 = server.command(&["DBSIZE"]);
    assert_eq!(size, 0, "it went to database 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_time_left_neither_asks_nor_harms() {
    let server = RedisServer::start();
    let store = store_at(&server.url());
    assert_eq!(store.get("p:k", Duration::ZERO).await, Err(Error::Timeout));
    assert!(works(&store).await);
    assert_eq!(store.get("p:k", Duration::ZERO).await, Err(Error::Timeout));
    assert!(works(&store).await);
}

#[test]
fn a_runtime_without_timers_or_io_is_an_outage_and_no_panic_of_the_call() {
    let server = RedisServer::start();
    let store = store_at(&server.url());
    let logs = Logs::capture(server.address());
    let bare = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let timers = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    for runtime in [&bare, &timers] {
        for _ in 0..3 {
            runtime.block_on(async {
                assert_eq!(store.get("p:k", BUDGET).await, Err(Error::Unavailable));
            });
        }
    }
    assert_eq!(logs.count("WARN"), 1, "{:?}", logs.lines());
    let whole = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    whole.block_on(async { assert!(works(&store).await) });
}
