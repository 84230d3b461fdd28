//! Redis in trouble, with real servers.

use super::*;
use crate::store::testing::Write;
use cache_test_servers::{Fault, FaultProxy, Logs, RedisServer, eventually, free_port};
use redis::IntoConnectionInfo;
use std::time::Instant;

const BUDGET: Duration = Duration::from_millis(250);
const MINUTE: Duration = Duration::from_secs(60);
/// What recovery may take, by the design; the machine's own hiccups are not counted in.
const RECOVERY: Duration = Duration::from_secs(1);
/// "At once", on a machine that is busy with other tests.
const AT_ONCE: Duration = Duration::from_millis(50);

fn store_at(url: &str) -> RedisStore {
    RedisStore::new(url.into_connection_info().unwrap(), "p", 1).unwrap()
}

async fn works(store: &RedisStore) -> bool {
    store.get("p:k", BUDGET).await.is_ok()
}

/// Runs `call` and asserts that it fails with `Unavailable` without waiting.
async fn unavailable_at_once(store: &RedisStore) {
    let begun = Instant::now();
    assert_eq!(store.get("p:k", BUDGET).await, Err(Error::Unavailable));
    assert!(begun.elapsed() < AT_ONCE, "waited {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_from_the_start_fails_at_once_and_is_found_when_it_comes() {
    let port = free_port();
    let logs = Logs::capture(format!("127.0.0.1:{port}"));
    let store = store_at(&format!("redis://127.0.0.1:{port}"));
    for _ in 0..50 {
        unavailable_at_once(&store).await;
    }
    assert_eq!(logs.count("WARN"), 1, "{:?}", logs.lines());
    assert_eq!(store.reachability(), Reachability::Unreachable);
    assert_eq!(store.breaker_state(), BreakerState::Open);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_and_restarted_it_is_back_within_a_second() {
    let mut server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let store = Arc::new(store_at(&server.url()));
    assert!(works(&store).await);
    assert_eq!(logs.count("INFO"), 1, "{:?}", logs.lines());
    for round in 1..=2 {
        let load: Vec<_> = (0..32)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    let begun = Instant::now();
                    while store.get(&format!("p:{n}"), BUDGET).await.is_ok() {
                        assert!(begun.elapsed() < MINUTE);
                    }
                })
            })
            .collect();
        server.kill();
        for task in load {
            task.await.unwrap();
        }
        unavailable_at_once(&store).await;
        server.restart();
        let took = eventually(RECOVERY, || works(&store)).await;
        assert!(took < RECOVERY, "{took:?}");
        assert_eq!(logs.count("WARN"), round, "{:?}", logs.lines());
        assert_eq!(logs.count("INFO"), round + 1, "{:?}", logs.lines());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_it_costs_one_timeout_and_is_back_within_a_second() {
    let server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let store = store_at(&server.url());
    assert!(works(&store).await);
    server.stop();
    let begun = Instant::now();
    assert_eq!(store.get("p:k", BUDGET).await, Err(Error::Timeout));
    assert!(begun.elapsed() < BUDGET + AT_ONCE);
    // Longer than an attempt of the supervisor, so that it has given up its connections.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1_500) {
        unavailable_at_once(&store).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.cont();
    eventually(RECOVERY, || works(&store)).await;
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 2), "{:?}", logs.lines());
    eventually(RECOVERY, || async { server.clients() == 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_from_the_start_one_timeout_then_at_once() {
    let server = RedisServer::start();
    server.stop();
    let store = store_at(&server.url());
    assert_eq!(store.get("p:k", BUDGET).await, Err(Error::Timeout));
    unavailable_at_once(&store).await;
    server.cont();
    eventually(RECOVERY, || works(&store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hiccup_ends_on_the_same_connection() {
    let server = RedisServer::start();
    let store = store_at(&server.url());
    assert!(works(&store).await);
    let id = |server: &RedisServer| server.command::<String>(&["CLIENT", "LIST"]);
    let before = id(&server).lines().next().map(|line| line.split(' ').next().map(str::to_owned));
    server.stop();
    assert_eq!(store.get("p:k", Duration::from_millis(20)).await, Err(Error::Timeout));
    server.cont();
    eventually(RECOVERY, || works(&store)).await;
    let after = id(&server).lines().next().map(|line| line.split(' ').next().map(str::to_owned));
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_loads_is_out_of_reach_until_it_has() {
    let mut server = RedisServer::builder()
        .with_args(&["--save", "3600 1", "--key-load-delay", "5000"])
        .with_args(&["--loading-process-events-interval-bytes", "1024"])
        .may_be_loading()
        .start();
    server.command::<()>(&["DEBUG", "POPULATE", "2000", "filler"]);
    server.command::<()>(&["SAVE"]);
    server.restart();
    let store = store_at(&server.url());
    // While it loads it looks at its connections only now and then: this may be a timeout.
    assert!(store.get("p:k", BUDGET).await.is_err());
    unavailable_at_once(&store).await;
    // `CONFIG` is allowed while loading: let it finish.
    server.config_set("key-load-delay", "0");
    eventually(Duration::from_secs(20), || async {
        server.try_command::<String>(&["PING"]).is_ok()
    })
    .await;
    eventually(RECOVERY, || works(&store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_asked_for_later_or_wrong_is_an_outage_and_stays_out_of_the_log() {
    let server = RedisServer::builder().requirepass("right-one").start();
    let logs = Logs::capture(server.address());
    let none = store_at(&server.url());
    assert!(none.get("p:k", BUDGET).await.is_err());
    unavailable_at_once(&none).await;
    let wrong = store_at(&format!("redis://:wrong-one@{}", server.address()));
    assert!(wrong.get("p:k", BUDGET).await.is_err());
    unavailable_at_once(&wrong).await;
    let right = store_at(&format!("redis://:right-one@{}", server.address()));
    assert!(works(&right).await);
    assert_eq!(logs.count("WARN"), 2, "{:?}", logs.lines());
    assert!(!Logs::anywhere("right-one") && !Logs::anywhere("wrong-one"));
    assert!(!format!("{right:?}").contains("right-one"));
    server.config_set("requirepass", "wrong-one");
    eventually(RECOVERY, || works(&wrong)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_read_and_writes_are_suspended() {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    replica.command::<()>(&["SET", "p:k", "v"]);
    let logs = Logs::capture(replica.address());
    let store = store_at(&replica.url());
    assert!(works(&store).await);
    replica.replica_of(Some(&primary));
    refuses_writes_and_recovers(&store, &logs, "READONLY", || replica.replica_of(None)).await;
    replica.replica_of(Some(&primary));
    let keys = ["p:k".to_owned()];
    assert_eq!(store.remove(&keys, BUDGET).await, Err(Error::Refused("READONLY".into())));
    assert_eq!(store.reachability(), Reachability::Reachable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_is_read_and_deleted_from_and_writes_are_suspended() {
    let server = RedisServer::start();
    server.command::<()>(&["SET", "p:k", "v"]);
    server.command::<()>(&["SET", "p:gone", "v"]);
    server.config_set("maxmemory", "1");
    let logs = Logs::capture(server.address());
    let store = store_at(&server.url());
    let refused = store.set("p:x", b"v", MINUTE, BUDGET).await;
    assert_eq!(refused, Err(Error::Refused("OOM".into())));
    assert_eq!(store.remove(&["p:gone".into()], BUDGET).await, Ok(1));
    let relieve = || server.config_set("maxmemory", "0");
    refuses_writes_and_recovers(&store, &logs, "OOM", relieve).await;
}

async fn refuses_writes_and_recovers(
    store: &RedisStore,
    logs: &Logs,
    code: &str,
    relieve: impl FnOnce(),
) {
    let refused = Err(Error::Refused(code.to_owned()));
    for _ in 0..200 {
        assert_eq!(store.set("p:x", b"v", MINUTE, BUDGET).await, refused);
        assert_eq!(store.get("p:k", BUDGET).await, Ok(Some(b"v".to_vec())));
    }
    assert_eq!(store.reachability(), Reachability::Reachable);
    assert_eq!(logs.count("WARN"), 1, "{:?}", logs.lines());
    relieve();
    eventually(RECOVERY, || async { store.set("p:x", b"v", MINUTE, BUDGET).await.is_ok() }).await;
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 2), "{:?}", logs.lines());
    assert_eq!(store.breaker_state(), BreakerState::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_type_and_keys_that_are_no_text_harm_nobody() {
    let server = RedisServer::start();
    let store = store_at(&server.url());
    server.command::<()>(&["RPUSH", "p:list", "v"]);
    assert_eq!(store.get("p:list", BUDGET).await, Err(Error::WrongType));
    let mut connection = server.connection().unwrap();
    redis::cmd("SET").arg(&b"p:\xff\xfe"[..]).arg("v").query::<()>(&mut connection).unwrap();
    redis::cmd("SET").arg("p:text").arg("v").query::<()>(&mut connection).unwrap();
    let (mut keys, _) = store.scan("p:*", None, BUDGET).await.unwrap();
    keys.sort();
    assert_eq!(keys, ["p:list", "p:text"]);
    assert_eq!(store.life("p:text", BUDGET).await, Ok(Life::Unlimited));
    assert_eq!(store.read("p:text", BUDGET).await, Ok(None), "nobody knows how old it is");
    let info = store.info(BUDGET).await.unwrap();
    assert!(info.version.is_some() && info.connected_clients.is_some());
    assert!(info.max_memory == Some(0) && info.keyspace_hits.is_some());
    assert_eq!(store.reachability(), Reachability::Reachable);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acl_that_allows_only_reading_is_enough_to_read() {
    let server = RedisServer::builder().acl_user("reader", "on >pw ~p:* +get").start();
    server.command::<()>(&["SET", "p:k", "v"]);
    let store = store_at(&format!("redis://reader:pw@{}", server.address()));
    assert_eq!(store.get("p:k", BUDGET).await, Ok(Some(b"v".to_vec())));
    let noperm = || Err(Error::Refused("NOPERM".into()));
    assert_eq!(store.set("p:k", b"w", MINUTE, BUDGET).await, noperm());
    assert_eq!(store.ping(BUDGET).await, noperm());
    assert_eq!(store.info(BUDGET).await, Ok(ServerInfo::default()));
    assert_eq!(store.get("p:k", BUDGET).await, Ok(Some(b"v".to_vec())));
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_and_cut_answers_are_outages_that_end() {
    let server = RedisServer::start();
    server.command::<()>(&["SET", "p:k", &"v".repeat(10_000)]);
    let proxy = FaultProxy::start(server.port());
    let store = store_at(&proxy.url());
    for fault in [Fault::Garbage, Fault::CutAfter(100), Fault::Drop, Fault::BlackHole, Fault::Stall]
    {
        assert!(works(&store).await, "before {fault:?}");
        proxy.set(fault);
        eventually(RECOVERY, || async { !works(&store).await }).await;
        unavailable_at_once(&store).await;
        proxy.set(Fault::None);
        eventually(RECOVERY, || works(&store)).await;
    }
}

#[test]
fn each_runtime_has_a_pool_of_its_own_and_the_dead_are_replaced() {
    let server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let info = server.url().as_str().into_connection_info().unwrap();
    let store = RedisStore::new(info, "p", 2).unwrap();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for _ in 0..3 {
        runtime().block_on(async { assert!(works(&store).await) });
    }
    let (one, two) = (runtime(), runtime());
    for _ in 0..3 {
        one.block_on(async { assert!(works(&store).await) });
        two.block_on(async { assert!(works(&store).await) });
    }
    cache_test_servers::eventually_blocking(RECOVERY, || server.clients() == 4);
    assert_eq!((logs.count("INFO"), logs.count("WARN")), (1, 0), "{:?}", logs.lines());
    // Outside of a runtime there is nothing to drive a connection.
    let outside = futures_util::FutureExt::now_or_never(store.get("p:k", BUDGET));
    assert_eq!(outside, Some(Err(Error::Unavailable)));
    drop(store);
    one.block_on(eventually(RECOVERY, || async { server.clients() <= 2 }));
    two.block_on(eventually(RECOVERY, || async { server.clients() == 0 }));
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
    server.restart();
    one.block_on(async { assert!(!works(&store).await) });
    one.block_on(eventually(RECOVERY, || works(&store)));
    // The other has slept through it, and finds its connection dead only now.
    two.block_on(async { assert!(!works(&store).await) });
    two.block_on(eventually(RECOVERY, || works(&store)));
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 2), "{:?}", logs.lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_share_the_connections_that_were_asked_for() {
    let server = RedisServer::start();
    let info = server.url().as_str().into_connection_info().unwrap();
    let store = RedisStore::new(info, "p", 3).unwrap();
    futures_util::future::join_all((0..200).map(|_| works(&store))).await;
    assert_eq!(server.clients(), 3);
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

/// The platform's certificates are found by the environment, which a process cannot change for
/// its own threads: so the test runs itself once more.
#[cfg(feature = "tls")]
#[test]
fn tls_with_the_platforms_certificates() {
    let server = RedisServer::builder().tls().start();
    let run = |certificates: &std::path::Path| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "store::redis::tests::tls_child"])
            .env("SSL_CERT_FILE", certificates)
            .env("TLS_CHILD_URL", server.url())
            .output()
            .unwrap()
    };
    let trusted = run(&server.certificate());
    assert!(trusted.status.success(), "{}", String::from_utf8_lossy(&trusted.stdout));
    let other = RedisServer::builder().tls().start();
    let stranger = run(&other.certificate());
    assert!(!stranger.status.success(), "a certificate that nobody vouches for");
    let said = String::from_utf8_lossy(&stranger.stdout).into_owned();
    assert!(said.contains("invalid peer certificate"), "{said}");
}

#[cfg(feature = "tls")]
#[ignore = "run by the test above, with its environment"]
#[tokio::test(flavor = "multi_thread")]
async fn tls_child() {
    let url = std::env::var("TLS_CHILD_URL").unwrap();
    let logs = Logs::capture(url.strip_prefix("rediss://").unwrap());
    let store = store_at(&url);
    let outcome = store.set("p:k", b"v", MINUTE, Duration::from_secs(5)).await;
    assert_eq!(outcome, Ok(()), "{:?}", logs.lines());
    assert_eq!(store.get("p:k", BUDGET).await, Ok(Some(b"v".to_vec())));
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
