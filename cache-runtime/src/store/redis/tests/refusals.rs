//! The server answers, and refuses.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_read_and_writes_are_suspended() {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    // On both: sooner or later it has what the primary has.
    for server in [&primary, &replica] {
        server.command::<()>(&["SET", "p:k", "v"]);
    }
    let logs = Logs::capture(replica.address());
    let store = store_at(&replica.url());
    assert!(works(&store).await);
    replica.replica_of(Some(&primary));
    refuses_writes_and_recovers(&store, &logs, "READONLY", || replica.replica_of(None)).await;
    replica.replica_of(Some(&primary));
    let keys = [key("p:k")];
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
    assert_eq!(store.remove(&[key("p:gone")], BUDGET).await, Ok(1));
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
    within_a_second(|| async { store.set("p:x", b"v", MINUTE, BUDGET).await.is_ok() }).await;
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 2), "{:?}", logs.lines());
    assert_eq!(store.breaker_state(), BreakerState::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_type_and_keys_that_are_no_text_harm_nobody() {
    let server = RedisServer::start();
    let store = store_at(&server.url());
    // The second is what the supervisor reads to see whether the server can be read.
    for list in ["p:list", "p:~probe"] {
        server.command::<()>(&["RPUSH", list, "v"]);
    }
    assert_eq!(store.get("p:list", BUDGET).await, Err(Error::WrongType));
    let mut connection = server.connection().unwrap();
    redis::cmd("SET").arg(&b"p:\xff\xfe"[..]).arg("v").query::<()>(&mut connection).unwrap();
    redis::cmd("SET").arg("p:text").arg("v").query::<()>(&mut connection).unwrap();
    let (mut keys, _) = store.scan("p:*", None, BUDGET).await.unwrap();
    keys.sort();
    assert_eq!(keys, ["p:list", "p:text", "p:~probe"]);
    assert_eq!(store.life(&key("p:text"), BUDGET).await, Ok(Life::Unlimited));
    let read = store.read_with("p:text", Want::LIFE, BUDGET).await.unwrap();
    assert_eq!(read.found, None, "nobody knows how old it is");
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
