//! Functions with `l1`: each node says what changes of that which was read from it.

use super::*;
use cache_tests::{cache_at, limited};
use std::sync::Arc;
use std::time::Instant;

/// What is old may be served for so long after it was replaced.
const BOUND: Duration = Duration::from_secs(1);

#[redis_cache(ttl = 600, key = "held:{n}", l1)]
async fn kept(world: &World, n: u64) -> Arc<u64> {
    Arc::new(world.read().await)
}

#[redis_cache(ttl = 600, key = "capped:{n}", l1 = "10s")]
async fn capped(world: &World, n: u64) -> Arc<u64> {
    Arc::new(world.read().await)
}

/// All of them in one slot.
#[redis_cache(ttl = 600, key = "held:{{one}}:{n}", l1)]
async fn kept_in_one(world: &World, n: u64) -> Arc<u64> {
    Arc::new(world.read().await)
}

fn key_of(n: u64) -> String {
    format!("t:held:{n}")
}

/// One call, and whether it was answered from memory.
async fn looked(cache: &Cache, world: &World, n: u64) -> (u64, bool) {
    let (value, observed, _) = called(cache, kept(world, n)).await;
    (*value, observed.memory_hits == 1)
}

/// Calls until all of these are answered from memory, each with this version.
async fn all_kept(cache: &Cache, world: &World, numbers: &[u64], version: u64) {
    for n in numbers {
        eventually(DEADLINE, async || looked(cache, world, *n).await == (version, true)).await;
    }
}

/// Some numbers of each node, which are kept.
async fn warm_all(cluster: &Cluster, cache: &Cache, world: &World) -> [Vec<u64>; 3] {
    let numbers = [0, 1, 2].map(|node| cluster.numbers(node, 3, key_of));
    for numbers in &numbers {
        all_kept(cache, world, numbers, 1).await;
    }
    numbers
}

/// Calls until version `version` is served, and for at least as long as what is old may be served.
/// A call that began later than that must not get what is old.
async fn old_no_longer_than_a_second(
    cache: &Cache,
    world: &World,
    n: u64,
    since: Instant,
    version: u64,
) {
    eventually(DEADLINE, async || {
        let begun = Instant::now();
        let (value, _) = looked(cache, world, n).await;
        assert!(value >= version || begun < since + BOUND, "old after {:?}", begun - since);
        value == version && since.elapsed() > BOUND
    })
    .await;
}

fn drops(stats: &cache_runtime::Stats) -> u64 {
    stats.process.l1.as_ref().unwrap().drops
}

#[tokio::test]
async fn hits_are_from_memory_whichever_node_has_them() {
    let cluster = Cluster::of_primaries();
    let logs = logs(&cluster);
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let numbers = warm_all(&cluster, &cache, &world).await.concat();
        let multis = || (0..3).map(|node| cluster.node(node).calls("multi")).sum::<u64>();
        let before = multis();
        for _ in 0..20 {
            for n in &numbers {
                assert_eq!(looked(&cache, &world, *n).await, (1, true));
            }
        }
        assert_eq!(multis(), before, "no call has asked");
        assert_eq!(world.readers(), 9);
        let l1 = cache.stats().await.process.l1.unwrap();
        assert!(l1.tracked && l1.entries == 9 && l1.drops == 0, "{l1:?}");
        assert_eq!(warned(&logs), [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn whoever_changes_a_key_on_its_node_is_heard() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let numbers = warm_all(&cluster, &cache, &world).await;
        for of_node in &numbers {
            let [set, deleted, ended] = of_node[..] else { unreachable!() };
            let keys = [set, deleted, ended].map(key_of);
            world.changes();
            let version = world.version();
            cluster.command::<()>(&keys[0], &["SET", &keys[0], "99", "EX", "100"]);
            cluster.command::<()>(&keys[1], &["DEL", &keys[1]]);
            cluster.command::<()>(&keys[2], &["PEXPIRE", &keys[2], "1"]);
            all_kept(&cache, &world, &[set], 99).await;
            all_kept(&cache, &world, &[deleted, ended], version).await;
        }
        // Of others there was nothing to drop.
        assert_eq!(drops(&cache.stats().await), 0);
    })
    .await;
}

#[tokio::test]
async fn a_node_that_is_flushed_takes_its_own_along() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let numbers = warm_all(&cluster, &cache, &world).await;
        world.changes();
        cluster.node(1).command::<()>(&["FLUSHALL"]);
        all_kept(&cache, &world, &numbers[1], 2).await;
        for n in numbers[0].iter().chain(&numbers[2]) {
            assert_eq!(looked(&cache, &world, *n).await, (1, true));
        }
    })
    .await;
}

#[tokio::test]
async fn one_connection_is_killed() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let numbers = warm_all(&cluster, &cache, &world).await;
        let node = cluster.node(2);
        let list: String = node.command(&["CLIENT", "LIST"]);
        let tracking = list.lines().find(|line| line.contains(" flags=t ")).unwrap();
        let id = tracking.split(' ').find_map(|word| word.strip_prefix("id=")).unwrap();
        world.changes();
        node.command::<()>(&["CLIENT", "KILL", "ID", id]);
        let (since, n) = (Instant::now(), numbers[2][0]);
        node.command::<()>(&["DEL", &key_of(n)]); // of which nobody hears
        old_no_longer_than_a_second(&cache, &world, n, since, 2).await;
        all_kept(&cache, &world, &[n], 2).await;
        for n in numbers[0].iter().chain(&numbers[1]) {
            assert_eq!(looked(&cache, &world, *n).await, (1, true), "by another connection");
        }
        assert_eq!(drops(&cache.stats().await), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_is_moved_and_changed_at_its_new_node() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let numbers = warm_all(&cluster, &cache, &world).await;
        let (n, key) = (numbers[0][0], key_of(numbers[0][0]));
        let moving = cluster.begin_move(cluster.slot(&key), 1);
        // What has moved is read from there and not kept; nor is what is not there.
        assert!(moving.key(&key));
        eventually(DEADLINE, async || looked(&cache, &world, n).await == (1, false)).await;
        for _ in 0..20 {
            assert_eq!(looked(&cache, &world, n).await, (1, false));
        }
        moving.finish();
        all_kept(&cache, &world, &[n], 1).await;
        world.changes();
        cluster.node(1).command::<()>(&["DEL", &key]);
        old_no_longer_than_a_second(&cache, &world, n, Instant::now(), 2).await;
        all_kept(&cache, &world, &[n], 2).await;
        all_kept(&cache, &world, &numbers.concat()[1..], 1).await;
    })
    .await;
}

/// A node takes a slot with nobody having moved its keys, which Redis then drops and does not say so.
/// Whoever is sent there has all dropped that the old one had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_is_taken_with_its_keys_left_behind() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let call = async |n: u64| {
            let (value, observed, _) = called(&cache, kept_in_one(&world, n)).await;
            (*value, observed.memory_hits == 1)
        };
        eventually(DEADLINE, async || call(1).await == (1, true)).await;
        let key = "t:held:{one}:1";
        let (slot, from) = (cluster.slot(key).to_string(), cluster.holder(key));
        let (old, new) = (cluster.node(from), cluster.node((from + 1) % 3));
        let id = |node: &cache_tests::RedisServer| node.command::<String>(&["CLUSTER", "MYID"]);
        world.changes();
        new.command::<()>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &id(old)]);
        new.command::<()>(&["CLUSTER", "SETSLOT", &slot, "NODE", &id(new)]);
        let is_moved = async || old.try_command::<Option<String>>(&["GET", key]).is_err();
        eventually(DEADLINE, is_moved).await;
        assert_eq!(call(2).await, (2, false));
        assert_eq!(call(1).await, (2, false));
        eventually(DEADLINE, async || call(1).await == (2, true)).await;
        assert!(drops(&cache.stats().await) > 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_over() {
    let cluster = Cluster::start();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let numbers = warm_all(&cluster, &cache, &world).await;
        (0..3).for_each(|node| cluster.in_step(node));
        let n = numbers[0][0];
        tokio::task::block_in_place(|| cluster.failover(3));
        world.changes();
        cluster.node(3).command::<()>(&["DEL", &key_of(n)]);
        old_no_longer_than_a_second(&cache, &world, n, Instant::now(), 2).await;
        all_kept(&cache, &world, &[n], 2).await;
        all_kept(&cache, &world, &[&numbers[0][1..], &numbers[1], &numbers[2]].concat(), 1).await;
        // It says what changes there, too.
        world.changes();
        cluster.node(3).command::<()>(&["DEL", &key_of(n)]);
        all_kept(&cache, &world, &[n], 3).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_killed() {
    let mut cluster = six_that_go_on();
    let (cache, world) = (hasty(&cluster), World::default());
    limited(async {
        let numbers = warm_all(&cluster, &cache, &world).await;
        (0..3).for_each(|node| cluster.in_step(node));
        let n = numbers[0][0];
        cluster.node_mut(0).kill();
        let since = Instant::now();
        world.changes();
        // Nobody vouches for what was read from it; for what the others have they do.
        eventually(DEADLINE, async || {
            for n in numbers[1].iter().chain(&numbers[2]) {
                assert_eq!(looked(&cache, &world, *n).await.0, 1);
            }
            let (begun, (version, memory)) = (Instant::now(), looked(&cache, &world, n).await);
            assert!(!memory || version > 1 || begun < since + BOUND);
            !memory && since.elapsed() > BOUND
        })
        .await;
        eventually(DEADLINE, || async { cluster.owner(cluster.slot(&key_of(n))) == Some(3) }).await;
        eventually(DEADLINE, async || looked(&cache, &world, n).await.1).await;
        world.changes();
        cluster.node(3).command::<()>(&["DEL", &key_of(n)]);
        all_kept(&cache, &world, &[n], world.version()).await;
    })
    .await;
}

/// A cluster whose user may not have anything tracked.
#[tokio::test]
async fn without_tracking_what_has_a_duration_is_kept_where_that_is_allowed() {
    let rules = "on >pw ~t:* +@all -client";
    let cluster = Cluster::builder().nodes(|node| node.acl_user("reader", rules)).start();
    let world = World::default();
    let url = cluster.url_as("reader:pw@");
    limited(async {
        let strict = cache_at(&url);
        let loose = builder_at(&url).l1_without_tracking(true).build().unwrap();
        for node in 0..3 {
            let n = cluster.numbers(node, 1, |n| format!("t:capped:{n}"))[0];
            eventually(DEADLINE, async || {
                called(&loose, capped(&world, n)).await.1.memory_hits == 1
            })
            .await;
            for _ in 0..10 {
                assert_eq!(called(&strict, capped(&world, n)).await.1.memory_hits, 0);
                assert!(!looked(&loose, &world, n).await.1, "it says for how long nowhere");
            }
        }
    })
    .await;
}
