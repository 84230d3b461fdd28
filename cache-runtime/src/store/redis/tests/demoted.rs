//! A primary that is none any more.

use super::*;

/// How many connections it has taken since its start.
fn connections(server: &RedisServer) -> u64 {
    let stats: String = server.command(&["INFO", "stats"]);
    let count = |line: &str| line.strip_prefix("total_connections_received:")?.parse().ok();
    stats.lines().find_map(count).unwrap()
}

/// As behind the name of a managed Redis after its failover: who looks the name up finds the new
/// primary, and connections stay where they are.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_name_leads_elsewhere_by_now_it_is_left_at_once() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let name = FaultProxy::start(old.port());
    let logs = Logs::capture(name.address());
    let store = store_at(&name.url());
    store.set("p:k", b"old", MINUTE, DEADLINE).await.unwrap();
    new.command::<()>(&["SET", "p:k", "new"]);

    name.lead_to(new.port());
    assert_eq!(
        store.get("p:k", BUDGET).await,
        Ok(Some(b"old".to_vec())),
        "nobody has said a thing"
    );
    old.replica_of(Some(&new));
    let refused = Err(Error::Refused("READONLY".to_owned()));
    assert_eq!(store.remove(&[key("p:k")], DEADLINE).await, refused);
    assert_eq!(store.get("p:k", DEADLINE).await, Ok(Some(b"new".to_vec())));
    assert_eq!(store.remove(&[key("p:k")], DEADLINE).await, Ok(1));
    store.set("p:k", b"v", MINUTE, DEADLINE).await.unwrap();
    assert_eq!(new.command::<String>(&["GET", "p:k"]), "v");
    assert_eq!(logs.count("WARN"), 0, "{:?}", logs.lines());
    // Told when the connections are in use already.
    eventually(DEADLINE, async || store.reconnects() == 1).await;
}

#[test]
fn it_is_left_by_all_runtimes() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let name = FaultProxy::start(old.port());
    let store = store_at(&name.url());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (reader, writer) = (runtime(), runtime());
    reader.block_on(async { assert!(works(&store).await) });
    writer.block_on(async { assert!(works(&store).await) });
    new.command::<()>(&["SET", "p:k", "new"]);
    name.lead_to(new.port());
    old.replica_of(Some(&new));
    let removed = writer.block_on(store.remove(&[key("p:k")], DEADLINE));
    assert!(removed.is_err());
    let read = reader.block_on(store.get("p:k", DEADLINE));
    assert_eq!(read, Ok(Some(b"new".to_vec())));
}

/// It may be meant: then it is read on, and hardly ever connected to anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_for_good_is_not_connected_to_again_and_again() {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    replica.replica_of(Some(&primary));
    let store = store_at(&replica.url());
    assert!(works(&store).await);
    // Those of this test, too.
    let (begun, before) = (Instant::now(), connections(&replica));
    for _ in 0..500 {
        let removed = store.remove(&[key("p:k")], DEADLINE).await;
        assert_eq!(removed, Err(Error::Refused("READONLY".into())));
        assert!(store.get("p:k", DEADLINE).await.is_ok());
    }
    // At once, and then with pauses of half a second at least.
    let most = 2 + 2 * begun.elapsed().as_secs();
    let made = connections(&replica) - before - 1;
    assert!((1..=most).contains(&made), "{made} connections in {:?}", begun.elapsed());
}
