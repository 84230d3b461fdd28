//! The scene itself, seen without a cache: what the other tests rely on.

use cache_tests::{
    Cluster, DEADLINE, RedisServer, eventually, eventually_blocking, is_since, own_process,
    wait_for_line, within_a_second,
};
use redis::RedisResult;
use std::process::Stdio;

fn get(node: &RedisServer, key: &str) -> RedisResult<Option<String>> {
    node.try_command(&["GET", key])
}

/// What it answers instead of carrying a command out: `MOVED 3999 127.0.0.1:6381`.
fn refusal<T>(answer: RedisResult<T>) -> String {
    let error = answer.err().expect("it has carried it out");
    format!("{} {}", error.code().unwrap_or_default(), error.detail().unwrap_or_default())
}

#[test]
fn each_node_has_the_keys_of_its_slots() {
    let cluster = Cluster::of_primaries();
    assert_eq!(cluster.slot("foo"), 12_182, "as the documentation of Redis has it");
    for node in 0..3 {
        for n in cluster.numbers(node, 5, |n| format!("t:n:{n}")) {
            let key = format!("t:n:{n}");
            assert_eq!(cluster.holder(&key), node);
            cluster.node(node).command::<()>(&["SET", &key, "x"]);
            let stranger = cluster.node((node + 1) % 3);
            let moved = format!("MOVED {} {}", cluster.slot(&key), cluster.node(node).address());
            assert_eq!(refusal(get(stranger, &key)), moved);
        }
    }
    assert_eq!(cluster.keys().len(), 15);
}

#[test]
fn a_slot_moves_key_by_key() {
    let cluster = Cluster::of_primaries();
    let keys: Vec<_> = (1..=4).map(|n| format!("{{tag}}:{n}")).collect();
    let slot = cluster.slot(&keys[0]);
    for key in &keys[..3] {
        cluster.command::<()>(key, &["SET", key, key]);
    }
    let old = cluster.owner(slot).unwrap();
    let new = (old + 1) % 3;
    let moving = cluster.begin_move(slot, new);
    assert!(moving.key(&keys[0]) && !moving.key(&keys[3]));
    assert_eq!(moving.left().len(), 2);
    let (old, new) = (cluster.node(old), cluster.node(new));
    let ask = format!("ASK {slot} {}", new.address());
    assert_eq!(refusal(get(old, &keys[0])), ask);
    assert_eq!(get(old, &keys[1]).unwrap().as_ref(), Some(&keys[1]));
    // What is neither here nor there, as a whole.
    let both = old.try_command::<Vec<Option<String>>>(&["MGET", &keys[0], &keys[1]]);
    assert!(refusal(both).starts_with(if is_since(7, 0) { "TRYAGAIN" } else { "ASK" }));
    let mut connection = new.connection().unwrap();
    let there: String = redis::pipe()
        .cmd("ASKING")
        .ignore()
        .cmd("GET")
        .arg(&keys[0])
        .query::<(String,)>(&mut connection)
        .unwrap()
        .0;
    assert_eq!(there, keys[0]);
    moving.finish();
    for key in &keys[..3] {
        assert_eq!(get(new, key).unwrap().as_ref(), Some(key));
    }
    assert!(refusal(get(old, &keys[0])).starts_with("MOVED"));
    cluster.settled();

    let back = cluster.begin_move(slot, cluster.owner(slot).map(|node| (node + 2) % 3).unwrap());
    back.key(&keys[0]);
    back.cancel();
    assert_eq!(get(new, &keys[0]).unwrap().as_ref(), Some(&keys[0]));
    cluster.settled();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_over() {
    let mut cluster = Cluster::start();
    let key = "t:n:1";
    let primary = cluster.holder(key);
    let replica = cluster.partner(primary);
    cluster.command::<()>(key, &["SET", key, "1"]);
    cluster.in_step(primary);
    // Asked to.
    cluster.failover(replica);
    within_a_second(|| async { cluster.holder(key) == replica }).await;
    assert_eq!(cluster.command::<u64>(key, &["GET", key]), 1);
    cluster.settled();
    // And by itself.
    cluster.node_mut(replica).kill();
    let took = eventually(DEADLINE, || async { cluster.holder(key) == primary }).await;
    println!("failed over after {took:?}");
    assert_eq!(cluster.command::<u64>(key, &["GET", key]), 1);
    cluster.node_mut(replica).restart();
    cluster.settled();
    assert_eq!(cluster.holder(key), primary);
    // One that hangs for longer than the others have patience, and comes to itself.
    cluster.node(primary).stop();
    eventually(DEADLINE, || async { cluster.holder(key) == replica }).await;
    cluster.node(primary).cont();
    cluster.settled();
    assert_eq!(cluster.holder(key), replica);
}

/// Whoever is cut off from the majority refuses after a while, and is followed by its replica.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_within_is_cut() {
    if !is_since(7, 0) {
        return;
    }
    let cluster = Cluster::builder().replicas().divisible().start();
    let key = "t:n:1";
    let primary = cluster.holder(key);
    cluster.command::<()>(key, &["SET", key, "1"]);
    cluster.in_step(primary);
    cluster.cut_off(&[primary]);
    let there = |node: usize| cluster.node(node).try_command::<Option<u64>>(&["GET", key]);
    let replica = cluster.partner(primary);
    eventually(DEADLINE, || async { there(replica) == Ok(Some(1)) }).await;
    eventually(DEADLINE, || async { refusal(there(primary)).starts_with("CLUSTERDOWN") }).await;
    cluster.cut_off(&[]);
    cluster.settled();
    assert_eq!(cluster.holder(key), replica);
    assert!(refusal(there(primary)).starts_with("MOVED"));
}

const CHILD: &str = "CLUSTER_SCENE_CHILD";

/// However that ends.
#[test]
fn servers_do_not_outlive_who_started_them() {
    if let Ok(file) = std::env::var(CHILD) {
        let server = RedisServer::start();
        std::fs::write(file, server.port().to_string()).unwrap();
        println!("\nstarted");
        loop {
            std::thread::park();
        }
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let name = file.path().to_string_lossy().into_owned();
    let test = "scene::servers_do_not_outlive_who_started_them";
    let mut child = own_process(test, CHILD, &name).stdout(Stdio::piped()).spawn().unwrap();
    wait_for_line(&mut child, "started");
    let port: u16 = std::fs::read_to_string(&name).unwrap().parse().unwrap();
    let is_there = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
    assert!(is_there());
    child.kill().unwrap();
    child.wait().unwrap();
    eventually_blocking(DEADLINE, || !is_there());
}
