//! A password that changes is asked for whenever somebody connects.

use super::*;
use crate::sync::{Mutex, lock};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The store of the user `app`, which asks `password`.
fn asking<F>(
    server: &RedisServer,
    password: impl Fn() -> F + Send + Sync + 'static,
) -> (RedisStore, Logs)
where
    F: Future<Output = Result<String, &'static str>> + Send + 'static,
{
    let url = format!("redis://app@{}", server.address());
    let store = store_by(Builder::default().url(url).password_with(password));
    (store, Logs::capture(server.address()))
}

fn server_with(password: &str) -> RedisServer {
    RedisServer::builder().acl_user("app", &format!("on >{password} ~p:* +@all")).start()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_one_is_used_for_the_next_connection() {
    let server = server_with("first-7c1e");
    let (password, asked) = (Arc::new(Mutex::new("first-7c1e")), Arc::new(AtomicU64::new(0)));
    let (said, counted) = (password.clone(), asked.clone());
    let (store, logs) = asking(&server, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let password = Ok(lock(&said).to_string());
        async { password }
    });
    assert!(works(&store).await);
    assert!(works(&store).await);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "once for a connection");

    server.command::<()>(&["ACL", "SETUSER", "app", "resetpass", ">second-7c1e"]);
    *lock(&password) = "second-7c1e";
    server.command::<()>(&["CLIENT", "KILL", "USER", "app"]);
    within_a_second(|| works(&store)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(logs.count("WARN"), 0, "{:?}", logs.lines());
    assert!(!format!("{store:?} {:?}", logs.lines()).contains("-7c1e"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_one_is_an_outage_until_it_is_the_right_one() {
    let server = server_with("right-2b90");
    let password = Arc::new(Mutex::new("wrong-2b90"));
    let said = password.clone();
    let (store, logs) = asking(&server, move || {
        let password = Ok(lock(&said).to_string());
        async { password }
    });
    assert!(store.get("p:k", DEADLINE).await.is_err());
    assert!(logs.lines().concat().contains("authentication failed"), "{:?}", logs.lines());
    *lock(&password) = "right-2b90";
    within_a_second(|| works(&store)).await;
    assert!(!Logs::anywhere("-2b90"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_say_it_is_an_outage_that_ends() {
    let server = server_with("later-51aa");
    let asked = Arc::new(AtomicU64::new(0));
    let counted = asked.clone();
    let (store, logs) = asking(&server, move || match counted.fetch_add(1, Ordering::SeqCst) {
        0 => panic!("as it is to"),
        1 => futures_util::future::ready(Err("the vault is sealed")),
        _ => futures_util::future::ready(Ok("later-51aa".to_owned())),
    });
    assert_eq!(store.get("p:k", DEADLINE).await, Err(Error::Unavailable));
    within_a_second(|| works(&store)).await;
    let said = logs.lines().concat();
    assert!(said.contains("panicked"), "{said}");
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test] // on one thread nothing happens while the clock stands still
async fn who_says_nothing_holds_up_nobody() {
    let server = server_with("unused");
    tokio::time::pause();
    let (store, logs) = asking(&server, std::future::pending);
    let begun = tokio::time::Instant::now();
    assert_eq!(store.get("p:k", BUDGET).await, Err(Error::Timeout));
    assert!(begun.elapsed() < BUDGET * 11 / 10);
    unavailable_at_once(&store);
    let given_up = || async { store.outage().is_some_and(|why| why.contains("password_with")) };
    eventually(DEADLINE, given_up).await;
    assert_eq!(logs.count("WARN"), 1, "{:?}", logs.lines());
}
