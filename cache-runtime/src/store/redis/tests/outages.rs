//! The server is away, or of no use.

use super::*;
use crate::store::Event;
use crate::store::testing::key;
use crate::sync::{Mutex, lock};
use cache_test_servers::is_since;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn refused_from_the_start_fails_at_once_and_is_found_when_it_comes() {
    let port = free_port();
    let logs = Logs::capture(format!("127.0.0.1:{port}"));
    let store = store_at(&format!("redis://127.0.0.1:{port}"));
    assert_eq!(store.get("p:k", DEADLINE).await, Err(Error::Unavailable));
    for _ in 0..50 {
        unavailable_at_once(&store);
    }
    assert_eq!(logs.count("WARN"), 1, "{:?}", logs.lines());
    assert_eq!(store.reachability(), Reachability::Unreachable);
    assert_eq!(store.breaker_state(), BreakerState::Open);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn far_away_it_is_found_and_found_again() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let logs = Logs::capture(proxy.address());
    // One answer takes longer than an attempt may.
    proxy.set(Fault::Delay(Duration::from_millis(600)));
    let store = store_at(&proxy.url());
    for round in 1..=2 {
        eventually(DEADLINE, async || works(&store).await).await;
        assert_eq!((logs.count("WARN"), logs.count("INFO")), (round, round), "{:?}", logs.lines());
        proxy.set(Fault::Drop);
        eventually(DEADLINE, async || !works(&store).await).await;
        proxy.set(Fault::Delay(Duration::from_millis(600)));
    }
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
        unavailable_at_once(&store);
        server.restart();
        within_a_second(|| works(&store)).await;
        assert_eq!(logs.count("WARN"), round, "{:?}", logs.lines());
        assert_eq!(logs.count("INFO"), round + 1, "{:?}", logs.lines());
    }
}

#[tokio::test]
async fn stalled_it_costs_one_timeout_and_is_back_within_a_second() {
    let server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let store = store_at(&server.url());
    assert!(works(&store).await);
    server.stop();
    // Where nothing happens the clock jumps to the next timer: the wait is seen exactly.
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    assert_eq!(store.get("p:k", BUDGET).await, Err(Error::Timeout));
    assert!(begun.elapsed() < BUDGET * 11 / 10);
    tokio::time::resume();
    // Longer than an attempt of the supervisor, so that it has given up its connections.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1_500) {
        unavailable_at_once(&store);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.cont();
    within_a_second(|| works(&store)).await;
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 2), "{:?}", logs.lines());
    eventually(DEADLINE, || async { server.clients() == 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_from_the_start_one_timeout_then_at_once() {
    let server = RedisServer::start();
    server.stop();
    let store = store_at(&server.url());
    assert_eq!(store.get("p:k", BUDGET).await, Err(Error::Timeout));
    unavailable_at_once(&store);
    server.cont();
    within_a_second(|| works(&store)).await;
}

#[tokio::test] // on one thread the supervisor cannot look before the hiccup is over
async fn a_hiccup_ends_on_the_same_connection() {
    let server = RedisServer::start();
    let store = store_at(&server.url());
    assert!(works(&store).await);
    let id = |server: &RedisServer| server.command::<String>(&["CLIENT", "LIST"]);
    let before = id(&server).lines().next().map(|line| line.split(' ').next().map(str::to_owned));
    server.stop();
    assert_eq!(store.get("p:k", Duration::from_millis(20)).await, Err(Error::Timeout));
    server.cont();
    within_a_second(|| works(&store)).await;
    let after = id(&server).lines().next().map(|line| line.split(' ').next().map(str::to_owned));
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_loads_is_out_of_reach_until_it_has() {
    if !is_since(7, 0) {
        return; // it cannot be made to load slowly
    }
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
    unavailable_at_once(&store);
    // `CONFIG` is allowed while loading: let it finish.
    server.config_set("key-load-delay", "0");
    eventually(DEADLINE, || async { server.try_command::<String>(&["PING"]).is_ok() }).await;
    within_a_second(|| works(&store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_asked_for_later_or_wrong_is_an_outage_and_stays_out_of_the_log() {
    let server = RedisServer::builder().requirepass("right-one").start();
    let logs = Logs::capture(server.address());
    let none = store_at(&server.url());
    assert!(none.get("p:k", BUDGET).await.is_err());
    unavailable_at_once(&none);
    let wrong = store_at(&format!("redis://:wrong-one@{}", server.address()));
    assert!(wrong.get("p:k", BUDGET).await.is_err());
    unavailable_at_once(&wrong);
    let right = store_at(&format!("redis://:right-one@{}", server.address()));
    assert!(works(&right).await);
    assert_eq!(logs.count("WARN"), 2, "{:?}", logs.lines());
    assert!(!Logs::anywhere("right-one") && !Logs::anywhere("wrong-one"));
    assert!(!format!("{right:?}").contains("right-one"));
    server.config_set("requirepass", "wrong-one");
    within_a_second(|| works(&wrong)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_and_cut_answers_are_outages_that_end() {
    let server = RedisServer::start();
    server.command::<()>(&["SET", "p:k", &"v".repeat(10_000)]);
    let proxy = FaultProxy::start(server.port());
    let store = store_at(&proxy.url());
    for fault in [
        Fault::Garbage,
        Fault::CutAfter(100),
        Fault::Drop,
        Fault::HalfClose,
        Fault::Deaf,
        Fault::BlackHole,
        Fault::StallAfter(100),
        Fault::Stall,
    ] {
        assert!(works(&store).await, "before {fault:?}");
        proxy.set(fault);
        eventually(DEADLINE, || async { store.get("p:k", BUDGET).await.is_err() }).await;
        unavailable_at_once(&store);
        proxy.set(Fault::None);
        within_a_second(|| works(&store)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_connections_and_no_reads_is_not_back() {
    let server = RedisServer::builder().requirepass("hush").start();
    let mut operator = server.connection().unwrap();
    let mut attempts = || -> u64 {
        let stats: String = redis::cmd("INFO").arg("stats").query(&mut operator).unwrap();
        let count = |line: &str| line.strip_prefix("total_connections_received:")?.parse().ok();
        stats.lines().find_map(count).unwrap()
    };
    let logs = Logs::capture(server.address());
    let store = store_at(&server.url());
    assert!(store.get("p:k", BUDGET).await.is_err());
    let before = attempts();
    eventually(MINUTE, || {
        let several = attempts() > before + 3;
        async move { several }
    })
    .await;
    unavailable_at_once(&store);
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 0), "{:?}", logs.lines());
}

/// What of the connection before had an answer to wait for says nothing of the one now.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_failure_is_none_of_the_new_connections() {
    let server = RedisServer::start();
    server.command::<()>(&["SET", "p:large", &"v".repeat(10_000)]);
    let proxy = FaultProxy::start(server.port());
    let logs = Logs::capture(proxy.address());
    let store = store_at(&proxy.url());
    assert!(works(&store).await);
    proxy.set(Fault::Hold(1_000));
    let late = store.get("p:large", Duration::from_millis(1_500));
    let outage = async {
        eventually(DEADLINE, || async { proxy.held() == 1 }).await;
        // Its answer is behind the large one.
        assert_eq!(store.get("p:k", Duration::from_millis(20)).await, Err(Error::Timeout));
        within_a_second(|| works(&store)).await;
    };
    let (late, ()) = tokio::join!(late, outage);
    assert_eq!(late, Err(Error::Timeout));
    assert!(works(&store).await);
    assert_eq!(logs.count("WARN"), 1, "{:?}", logs.lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_out_of_turn_is_an_outage() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let logs = Logs::capture(proxy.address());
    let store = store_at(&proxy.url());
    assert!(works(&store).await);
    proxy.set(Fault::OutOfTurn);
    assert_eq!(store.get("p:k", BUDGET).await, Err(Error::Unavailable));
    assert_eq!(logs.count("WARN"), 1, "{:?}", logs.lines());
    proxy.set(Fault::None);
    within_a_second(|| works(&store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_hear_what_happens_to_the_connections_and_readers_see_whose_answer_it_is() {
    let mut server = RedisServer::start();
    let store = store_at(&server.url());
    let heard: [Arc<Mutex<Vec<Event>>>; 2] = std::array::from_fn(|_| Arc::default());
    for heard in heard.clone() {
        store.listen(move |event| lock(&heard).push(event));
    }
    let question = Question { key: &key("p:k"), want: Want::PLAIN, within: BUDGET };
    let first = store.read(&question).await.unwrap().generation;
    assert_eq!(*lock(&heard[0]), [], "nothing was lost");
    server.kill();
    eventually(DEADLINE, || async { store.get("p:k", BUDGET).await.is_err() }).await;
    server.restart();
    within_a_second(|| works(&store)).await;
    for heard in &heard {
        let both = || async { *lock(heard) == [Event::Lost, Event::Regained] };
        eventually(DEADLINE, both).await;
    }
    assert!(store.read(&question).await.unwrap().generation > first);
}
