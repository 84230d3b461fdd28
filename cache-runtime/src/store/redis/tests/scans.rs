//! Scans under which the connections end: the cursors of the next ones are others.

use super::*;
use crate::store::Cursor;
use cache_test_servers::Cluster;
use std::collections::BTreeSet;

const MANY: usize = 4_000;

fn fill(server: &RedisServer, keys: impl Iterator<Item = String>) {
    let mut pipe = redis::pipe();
    for key in keys {
        pipe.cmd("SET").arg(key).arg("v").ignore();
    }
    pipe.exec(&mut server.connection().unwrap()).unwrap();
}

/// All that is found from `from` on, told apart by how often the scan had begun again.
async fn rest(store: &RedisStore, from: Cursor) -> Vec<BTreeSet<String>> {
    let (mut found, mut from) = (vec![BTreeSet::new()], Some(from));
    while let Some(cursor) = from {
        let (keys, next) = store.scan("p:*", Some(&cursor), DEADLINE).await.unwrap();
        found.last_mut().unwrap().extend(keys);
        if next.as_ref().is_some_and(|next| next.pass() != cursor.pass()) {
            found.push(BTreeSet::new());
        }
        from = next;
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_server_is_scanned_from_the_beginning() {
    let (mut first, second) = (RedisServer::start(), RedisServer::start());
    let all: BTreeSet<_> = (0..MANY).map(|n| format!("p:{n}")).collect();
    for server in [&first, &second] {
        fill(server, all.iter().cloned());
    }
    let proxy = FaultProxy::start(first.port());
    let store = store_at(&proxy.url());
    let (_, from) = store.scan("p:*", None, DEADLINE).await.unwrap();
    proxy.lead_to(second.port());
    first.kill();
    eventually(DEADLINE, async || works(&store).await).await;
    let found = rest(&store, from.unwrap()).await;
    assert_eq!(found.len(), 2, "it has begun again, and once");
    assert!(found[1] == all, "{} of {MANY}", found[1].len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_of_a_cluster_are_all_scanned_again() {
    let cluster = Cluster::of_primaries();
    let mut all = BTreeSet::new();
    for node in 0..3 {
        let own = cluster.numbers(node, MANY / 3, |n| format!("p:{n}"));
        let own: Vec<_> = own.into_iter().map(|n| format!("p:{n}")).collect();
        fill(cluster.node(node), own.iter().cloned());
        all.extend(own);
    }
    let store = store_at(&cluster.url());
    let (mut from, mut seen) = (None, 0);
    // Into the keys of the second node.
    while seen < MANY / 2 {
        let (keys, next) = store.scan("p:*", from.as_ref(), DEADLINE).await.unwrap();
        (from, seen) = (next, seen + keys.len());
    }
    let before = store.reconnects();
    for node in cluster.nodes() {
        node.command::<()>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    }
    eventually(DEADLINE, async || store.reconnects() >= before + 3).await;
    let found = rest(&store, from.unwrap()).await;
    assert_eq!(found.len(), 2, "it has begun again, and once");
    assert!(found[1] == all, "{} of {}", found[1].len(), all.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_not_begin_for_ever() {
    let server = RedisServer::start();
    fill(&server, (0..MANY).map(|n| format!("p:{n}")));
    let store = store_at(&server.url());
    let (mut from, mut pages, mut last) = (None::<Cursor>, 0, Ok(()));
    while last.is_ok() {
        assert!(pages < 20, "a scan that does not end");
        match store.scan("p:*", from.as_ref(), DEADLINE).await {
            Ok((_, next)) => from = Some(next.expect("there are more pages than two")),
            Err(error) => last = Err(error),
        }
        pages += 1;
        let before = store.reconnects();
        server.command::<()>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        eventually(DEADLINE, async || store.reconnects() > before).await;
    }
    assert_eq!(last, Err(Error::Unavailable));
}
