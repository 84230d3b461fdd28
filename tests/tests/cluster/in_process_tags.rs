//! Functions with `l1` whose values have tags: these are on other nodes than the value, and each node
//! says what becomes of its own.

use super::*;
use cache_tests::{Fault, cache_at, limited};
use std::sync::Arc;
use std::time::Instant;

/// What is old may be served for so long after it was replaced.
const BOUND: Duration = Duration::from_secs(1);

/// Whose it is, and the version of the data.
type Order = Arc<(u64, u64)>;

#[redis_cache(
    ttl = 600,
    key = "bought:{id}",
    tags = ["org:{org}"],
    tags_with = |order| [("customer", order.0)],
    l1
)]
async fn order(world: &World, id: u64, org: u64, customer: u64) -> Order {
    let _ = org;
    Arc::new((customer, world.read().await))
}

/// Of one key, what its call says of it, and what the value does.
#[derive(Debug, Clone, Copy)]
struct At {
    id: u64,
    org: u64,
    customer: u64,
}

impl At {
    /// The nth on these nodes.
    fn nodes(cluster: &Cluster, nth: usize, [value, call, own]: [usize; 3]) -> Self {
        let nth = |node, key: fn(u64) -> String| cluster.numbers(node, nth + 1, key)[nth];
        Self { id: nth(value, key_of), org: nth(call, of_call), customer: nth(own, of_value) }
    }

    fn tags(self) -> [String; 2] {
        [of_call(self.org), of_value(self.customer)]
    }
}

fn key_of(id: u64) -> String {
    format!("t:bought:{id}")
}

fn of_call(org: u64) -> String {
    format!("t:~tag:org:{org}")
}

fn of_value(customer: u64) -> String {
    format!("t:~tag:customer:{customer}")
}

/// One call, and whether it was answered from memory.
async fn looked(cache: &Cache, world: &World, At { id, org, customer }: At) -> (u64, bool) {
    let (order, observed, _) = called(cache, order(world, id, org, customer)).await;
    assert_eq!(order.0, customer);
    (order.1, observed.memory_hits == 1)
}

/// Calls until it is answered from memory, with this version.
async fn kept(cache: &Cache, world: &World, at: At, version: u64) {
    eventually(DEADLINE, async || looked(cache, world, at).await == (version, true)).await;
}

/// Calls until version `version` is served, and for at least as long as what is old may be served.
/// A call that began later than that must not get what is old.
async fn old_no_longer_than_a_second(
    cache: &Cache,
    world: &World,
    at: At,
    since: Instant,
    version: u64,
) {
    eventually(DEADLINE, async || {
        let begun = Instant::now();
        let (value, _) = looked(cache, world, at).await;
        assert!(value >= version || begun < since + BOUND, "old after {:?}", begun - since);
        value == version && since.elapsed() > BOUND
    })
    .await;
}

/// Has the connection killed by which a node says what changes.
fn kill_tracking(cluster: &Cluster, node: usize) {
    let node = cluster.node(node);
    let list: String = node.command(&["CLIENT", "LIST"]);
    let tracking = list.lines().find(|line| line.contains(" flags=t ")).unwrap();
    let id = tracking.split(' ').find_map(|word| word.strip_prefix("id=")).unwrap();
    node.command::<()>(&["CLIENT", "KILL", "ID", id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hits_are_from_memory_whichever_nodes_the_tags_are_on() {
    let cluster = Cluster::of_primaries();
    let logs = logs(&cluster);
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    let places = [[0, 1, 2], [1, 2, 2], [2, 0, 2], [1, 1, 1], [0, 0, 1]];
    let all: Vec<_> =
        (0..).zip(places).map(|(nth, nodes)| At::nodes(&cluster, nth, nodes)).collect();
    limited(async {
        for &at in &all {
            kept(&cache, &world, at, 1).await;
        }
        let asked = || (0..3).map(|node| cluster.node(node).calls("mget")).sum::<u64>();
        let before = asked();
        for _ in 0..20 {
            for &at in &all {
                assert_eq!(looked(&cache, &world, at).await, (1, true));
            }
        }
        assert_eq!(asked(), before, "no call has asked");
        assert_eq!(all_errors(&cluster, "CROSSSLOT"), 0);
        assert_eq!(warned(&logs), [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_changes_a_tag_is_heard() {
    let cluster = Cluster::of_primaries();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    let world = World::default();
    limited(async {
        for (nth, nodes) in (0..).zip([[0, 1, 2], [1, 2, 0], [2, 0, 0]]) {
            let at = At::nodes(&cluster, nth, nodes);
            for tag in at.tags() {
                for command in [&["DEL", &tag][..], &["PEXPIRE", &tag, "1"]] {
                    kept(&one, &world, at, world.version()).await;
                    let version = world.changes();
                    cluster.command::<()>(&tag, command);
                    kept(&one, &world, at, version).await;
                }
                let name = tag.strip_prefix("t:~tag:").unwrap();
                let version = world.changes();
                other.invalidate_tag(name).await.unwrap();
                kept(&one, &world, at, version).await;
                let version = world.changes();
                other.soft_invalidate_tag(name).await.unwrap();
                kept(&one, &world, at, version).await;
                // By its own process at once.
                let version = world.changes();
                one.invalidate_tag(name).await.unwrap();
                assert_eq!(looked(&one, &world, at).await, (version, false));
            }
            kept(&one, &world, at, world.version()).await;
            let version = world.changes();
            cluster.node(nodes[2]).command::<()>(&["FLUSHALL"]);
            kept(&one, &world, at, version).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connection_to_the_node_of_a_tag_is_killed() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    // Of the first the tags are on two other nodes; the other has none there.
    let (at, well) = (At::nodes(&cluster, 0, [0, 1, 2]), At::nodes(&cluster, 1, [0, 0, 0]));
    limited(async {
        for (node, tag) in [1, 2].into_iter().zip(at.tags()) {
            kept(&cache, &world, at, world.version()).await;
            kept(&cache, &world, well, 1).await;
            let version = world.changes();
            kill_tracking(&cluster, node);
            let since = Instant::now();
            cluster.command::<()>(&tag, &["DEL", &tag]); // of which nobody hears
            // By its next connection that node is vouched for again, and nobody has looked meanwhile.
            let next = At::nodes(&cluster, 2, [0, node, node]);
            let is_back = async || looked(&cache, &world, next).await.1 && since.elapsed() > BOUND;
            eventually(DEADLINE, is_back).await;
            assert_eq!(looked(&cache, &world, at).await, (version, false));
            kept(&cache, &world, at, version).await;
            assert_eq!(looked(&cache, &world, well).await, (1, true), "by another connection");
        }
    })
    .await;
}

/// Its connection is there, and says nothing: what has the tag is not vouched for after a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_of_a_tag_stalls() {
    let cluster = Cluster::builder().nodes(cache_tests::RedisServerBuilder::proxied).start();
    let (cache, world) = (hasty(&cluster), World::default());
    let (at, well) = (At::nodes(&cluster, 0, [0, 1, 2]), At::nodes(&cluster, 1, [0, 0, 0]));
    limited(async {
        for (node, tag) in [1, 2].into_iter().zip(at.tags()) {
            kept(&cache, &world, at, world.version()).await;
            kept(&cache, &world, well, 1).await;
            cluster.node(node).network().set(Fault::Stall);
            let (version, since) = (world.changes(), Instant::now());
            cluster.node(node).command::<()>(&["DEL", &tag]);
            eventually(DEADLINE, async || {
                let begun = Instant::now();
                let (value, _) = looked(&cache, &world, at).await;
                assert!(value >= version || begun < since + BOUND, "old after {:?}", begun - since);
                assert_eq!(looked(&cache, &world, well).await.0, 1);
                since.elapsed() > 2 * BOUND
            })
            .await;
            cluster.node(node).network().set(Fault::None);
            kept(&cache, &world, at, version).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_slot_of_a_tag_is_moved_and_the_tag_changed_at_its_new_node() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    let at = At::nodes(&cluster, 0, [0, 1, 2]);
    limited(async {
        for tag in at.tags() {
            kept(&cache, &world, at, world.version()).await;
            let moving = cluster.begin_move(cluster.slot(&tag), 0);
            assert!(moving.key(&tag));
            // It is read from there, and what has it is not kept.
            let version = world.version();
            let is_read = async || looked(&cache, &world, at).await == (version, false);
            eventually(DEADLINE, is_read).await;
            for _ in 0..20 {
                assert_eq!(looked(&cache, &world, at).await, (version, false));
            }
            moving.finish();
            kept(&cache, &world, at, version).await;
            let (version, since) = (world.changes(), Instant::now());
            cluster.node(0).command::<()>(&["DEL", &tag]);
            old_no_longer_than_a_second(&cache, &world, at, since, version).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_over_the_node_of_a_tag() {
    let cluster = Cluster::start();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    let at = At::nodes(&cluster, 0, [0, 1, 2]);
    limited(async {
        for (node, tag) in [1, 2].into_iter().zip(at.tags()) {
            kept(&cache, &world, at, world.version()).await;
            cluster.in_step(node);
            let new = cluster.partner(node);
            tokio::task::block_in_place(|| cluster.failover(new));
            let (version, since) = (world.changes(), Instant::now());
            cluster.node(new).command::<()>(&["DEL", &tag]);
            old_no_longer_than_a_second(&cache, &world, at, since, version).await;
            kept(&cache, &world, at, version).await;
        }
    })
    .await;
}

/// A cluster whose user may not have anything tracked: nobody would say that a tag has changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_tracking_nothing_with_tags_is_kept() {
    #[redis_cache(ttl = 600, key = "capped:{n}", tags = ["org:{n}"], l1 = "10s")]
    async fn capped(world: &World, n: u64) -> u64 {
        world.read().await
    }
    let rules = "on >pw ~t:* +@all -client";
    let cluster = Cluster::builder().nodes(|node| node.acl_user("reader", rules)).start();
    let (url, world) = (cluster.url_as("reader:pw@"), World::default());
    let cache = builder_at(&url).l1_without_tracking(true).build().unwrap();
    limited(async {
        for n in cluster.numbers(1, 3, |n| format!("t:capped:{n}")) {
            for _ in 0..20 {
                assert_eq!(called(&cache, capped(&world, n)).await.1.memory_hits, 0);
            }
        }
        assert_eq!(world.readers(), 3);
    })
    .await;
}
