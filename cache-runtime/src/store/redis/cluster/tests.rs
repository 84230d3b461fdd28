//! What becomes of a cluster's connections, and of nodes that are announced oddly; with real servers.

use crate::config::{Builder, Target};
use crate::store::Store;
use crate::store::redis::{RedisStore, Servers};
use crate::store::testing::{Write, key};
use cache_test_servers::{
    Cluster, DEADLINE, Fault, Logs, RedisServerBuilder, eventually, free_port,
};
use std::sync::Arc;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn store_at(cluster: &Cluster) -> RedisStore {
    match Builder::default().url(cluster.url()).settings(&|_| None).unwrap().target {
        Target::Redis(server) => RedisStore::new(*server, "p", 1),
        other => panic!("{other:?}"),
    }
}

/// Stores a value on each node.
async fn use_all(store: &RedisStore, cluster: &Cluster) {
    for node in 0..3 {
        let whole = format!("p:{}", cluster.numbers(node, 1, |n| format!("p:{n}"))[0]);
        store.set(&whole, b"v", MINUTE, DEADLINE).await.unwrap();
        assert_eq!(store.get(&whole, DEADLINE).await, Ok(Some(b"v".to_vec())));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_ends_with_the_store() {
    let cluster = Cluster::of_primaries();
    let clients =
        || cluster.nodes().iter().map(cache_test_servers::RedisServer::clients).sum::<usize>();
    let before = clients();
    let store = store_at(&cluster);
    use_all(&store, &cluster).await;
    assert!(clients() >= before + 3);
    let Servers::Many(many) = &store.servers else { panic!("it is a cluster") };
    let many = Arc::downgrade(many);
    drop(store);
    eventually(DEADLINE, async || many.upgrade().is_none() && clients() == before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_announced_where_it_is_not_is_named_once() {
    // An older one does not tell the others of another port.
    if !cache_test_servers::is_since(7, 0) {
        return;
    }
    let cluster = Cluster::of_primaries();
    let logs = Logs::capture(cluster.url().split("//").nth(1).unwrap().to_owned());
    let [there, lost] = [0, 1].map(|node| cluster.numbers(node, 1, |n| format!("p:{n}"))[0]);
    let [there, lost] = [there, lost].map(|n| format!("p:{n}"));
    let nowhere = free_port().to_string();
    cluster.node(1).config_set("cluster-announce-port", &nowhere);
    let said = |node: usize| -> String { cluster.node(node).command(&["CLUSTER", "NODES"]) };
    eventually(DEADLINE, async || (0..3).all(|node| said(node).contains(&nowhere))).await;
    let store = store_at(&cluster);
    eventually(DEADLINE, async || store.set(&there, b"v", MINUTE, DEADLINE).await.is_ok()).await;
    assert!(store.get(&lost, DEADLINE).await.is_err());
    let named = || logs.lines().iter().filter(|line| line.contains("cluster-announce-ip")).count();
    eventually(DEADLINE, async || named() == 1).await;
    assert!(store.outage().unwrap().contains(&nowhere), "{:?}", store.outage());
    assert!(store.ping(DEADLINE).await.is_err());
    for _ in 0..10 {
        assert!(store.get(&lost, DEADLINE).await.is_err());
        assert_eq!(store.get(&there, DEADLINE).await, Ok(Some(b"v".to_vec())));
    }
    assert_eq!(named(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_announce_no_host_are_where_they_were_asked() {
    if !cache_test_servers::is_since(7, 0) {
        return;
    }
    let unknown = ["--cluster-preferred-endpoint-type", "unknown-endpoint"];
    let cluster = Cluster::builder().nodes(|node| node.with_args(&unknown)).start();
    let store = store_at(&cluster);
    use_all(&store, &cluster).await;
    // A redirect leaves it out as well.
    let n = cluster.numbers(0, 2, |n| format!("p:{n}"))[1];
    let whole = format!("p:{n}");
    store.set(&whole, b"v", MINUTE, DEADLINE).await.unwrap();
    cluster.move_slot(cluster.slot(&whole), 2);
    assert_eq!(store.get(&whole, DEADLINE).await, Ok(Some(b"v".to_vec())));
    assert_eq!(store.remove(&[key(&whole)], DEADLINE).await, Ok(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_are_far_away_are_found() {
    let cluster = Cluster::builder().nodes(RedisServerBuilder::proxied).start();
    for node in cluster.nodes() {
        // One answer takes longer than who asks for the map waits before asking the next.
        node.network().set(Fault::Delay(Duration::from_millis(600)));
    }
    let store = store_at(&cluster);
    for node in 0..3 {
        let whole = format!("p:{}", cluster.numbers(node, 1, |n| format!("p:{n}"))[0]);
        let set = async || store.set(&whole, b"v", MINUTE, DEADLINE).await.is_ok();
        eventually(DEADLINE, set).await;
    }
}
