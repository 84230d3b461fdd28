//! Tags whose key is on another node than the values that have them.

use super::*;
use cache_tests::{cache_at, limited};
use tokio::task::JoinHandle;

#[redis_cache(ttl = 600, key = "page:{org}:{n}", tags = ["org:{org}", "page:{n}"])]
async fn page(world: &World, org: u64, n: u64) -> u64 {
    world.read().await
}

#[redis_cache(
    ttl = 600,
    key = "soft:{org}:{n}",
    tags = ["org:{org}"],
    stale_while_revalidate = "600s"
)]
async fn soft(world: World, org: u64, n: u64) -> Result<u64, String> {
    world.try_read().await
}

#[redis_invalidate(tags = ["org:{org}"])]
async fn write(world: &World, org: u64) -> u64 {
    world.commit().await
}

fn tag(org: u64) -> String {
    format!("t:~tag:org:{org}")
}

async fn read(cache: &Cache, world: &World, org: u64, n: u64) -> (u64, &'static str) {
    let (version, observed, _) = called(cache, page(world, org, n)).await;
    (version, outcome(observed))
}

fn held(cache: &Cache, world: &World, org: u64, n: u64) -> JoinHandle<u64> {
    let (cache, world) = (cache.clone(), world.clone());
    tokio::spawn(async move { read(&cache, &world, org, n).await.0 })
}

/// Pages of an organisation on each node, one each, and all their tags wherever they are.
fn pages(cluster: &Cluster, org: u64) -> [u64; 3] {
    [0, 1, 2].map(|node| cluster.numbers(node, 1, |n| format!("t:page:{org}:{n}"))[0])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hard_and_soft() {
    let cluster = Cluster::of_primaries();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        for node in 0..3 {
            // The tag is on each node in turn.
            let org = cluster.numbers(node, 1, tag)[0];
            let pages = pages(&cluster, org);
            let before = world.version();
            for n in pages {
                assert_eq!(read(&one, &world, org, n).await, (before, "miss"));
                assert_eq!(read(&one, &world, org, n).await, (before, "hit"));
                assert_eq!(read(&other, &world, org, n).await, (before, "hit"));
            }
            assert!(cluster.node(node).command::<bool>(&["EXISTS", &tag(org)]));
            let raised = called(&other, write(&world, org)).await.0;
            for n in pages {
                assert_eq!(read(&one, &world, org, n).await, (raised, "miss"));
                assert_eq!(read(&other, &world, org, n).await, (raised, "hit"));
            }
            // By its other tag, which is somewhere else.
            assert_eq!(one.invalidate_tag(&format!("page:{}", pages[0])).await, Ok(true));
            assert_eq!(read(&other, &world, org, pages[0]).await, (raised, "miss"));
            assert_eq!(read(&other, &world, org, pages[1]).await, (raised, "hit"));

            let report = async || called(&one, soft(world.clone(), org, pages[0])).await;
            report().await.0.unwrap();
            assert_eq!(outcome(report().await.1), "hit");
            assert_eq!(other.soft_invalidate_tag(&format!("org:{org}")).await, Ok(true));
            assert_eq!(outcome(report().await.1), "stale");
            eventually(DEADLINE, || async { report().await.1.hits == 1 }).await;
        }
        assert_eq!(all_errors(&cluster, "CROSSSLOT"), 0);
        no_breaker_is_open(&one).await;
    })
    .await;
}

/// Tokens are read on their nodes before the body begins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_overtaken_is_not_stored() {
    let cluster = Cluster::of_primaries();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        for node in 0..3 {
            let org = cluster.numbers(node, 1, tag)[0];
            for n in pages(&cluster, org) {
                let (before, seen) = (world.version(), world.readers());
                world.reading.close();
                let old = held(&one, &world, org, n);
                world.reading.reached(seen + 1).await;
                let raised = called(&other, write(&world, org)).await.0;
                world.reading.open();
                assert_eq!(old.await.unwrap(), before);
                assert_eq!(read(&one, &world, org, n).await.0, raised);
                assert_eq!(read(&other, &world, org, n).await, (raised, "hit"));
            }
        }
    })
    .await;
}

/// A tag's node is full while the value's is not: the lease was given all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_whose_tag_is_refused_is_given_back() {
    let cluster = Cluster::of_primaries();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let org = cluster.numbers(1, 1, tag)[0];
        let n = cluster.numbers(2, 1, |n| format!("t:page:{org}:{n}"))[0];
        let lease = format!("t:~lease:{{t:page:{org}:{n}}}");
        let full = |limit| cluster.node(1).command::<()>(&["CONFIG", "SET", "maxmemory", limit]);
        full("1");
        world.reading.close();
        let call = held(&cache, &world, org, n);
        // Its body runs, beside which nobody renews anything: what is left there would run out.
        world.reading.reached(1).await;
        assert!(!cluster.command::<bool>(&lease, &["EXISTS", &lease]), "nobody has it");
        world.reading.open();
        call.await.unwrap();
        full("0");
        eventually(DEADLINE, || async { read(&cache, &world, org, n).await.1 == "hit" }).await;
    })
    .await;
}

/// Nobody can say of a value whether it counts while its tag is out of reach.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_of_a_tag_is_away() {
    let mut cluster = Cluster::builder().going_on().start();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| hasty(&cluster));
    limited(async {
        // The log of all tags is on the first.
        let [dead, well] = [1, 0].map(|node| cluster.numbers(node, 1, tag)[0]);
        // Values whose own node is well, and the node of whose second tag is.
        let own = |org: u64| {
            let own = cluster.numbers(2, 100, |n| format!("t:page:{org}:{n}"));
            let slots =
                cluster.slots(&own.iter().map(|n| format!("t:~tag:page:{n}")).collect::<Vec<_>>());
            let first = own.iter().zip(slots).find(|(_, slot)| cluster.owner(*slot) != Some(1));
            *first.unwrap().0
        };
        let (of_dead, of_well) = (own(dead), own(well));
        for (org, n) in [(dead, of_dead), (well, of_well)] {
            for cache in [&one, &other] {
                eventually(DEADLINE, || async { read(cache, &world, org, n).await.1 == "hit" })
                    .await;
            }
        }
        cluster.node_mut(1).kill();
        for cache in [&one, &other] {
            assert_eq!(read(cache, &world, dead, of_dead).await.1, "miss");
            assert_eq!(read(cache, &world, well, of_well).await.1, "hit", "not concerned");
        }
        let raised = called(&one, write(&world, dead)).await.0;
        assert_eq!(one.stats().await.journal.waiting, 1);
        assert_eq!(called(&one, write(&world, well)).await.0, raised + 1);
        assert_eq!(one.stats().await.journal.waiting, 1, "not held up");
        assert_eq!(read(&other, &world, well, of_well).await, (raised + 1, "miss"));
        assert_eq!(read(&one, &world, dead, of_dead).await.0, raised + 1);
        cluster.node_mut(1).restart();
        replayed(&one).await;
        for cache in [&one, &other] {
            eventually(DEADLINE, || async {
                let (version, outcome) = read(cache, &world, dead, of_dead).await;
                assert!(version >= raised, "what was invalidated is back");
                outcome == "hit"
            })
            .await;
        }
    })
    .await;
}

/// The tag moves, and the value stays where it is; or the other way round.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_middle_of_a_move() {
    let cluster = Cluster::of_primaries();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        for moves_tag in [true, false] {
            let org = cluster.numbers(0, 2, tag)[usize::from(moves_tag)];
            let n = cluster.numbers(1, 1, |n| format!("t:page:{org}:{n}"))[0];
            let moved = if moves_tag { tag(org) } else { format!("t:page:{org}:{n}") };
            let before = world.version();
            read(&one, &world, org, n).await;
            assert_eq!(read(&other, &world, org, n).await, (before, "hit"));
            let slot = cluster.slot(&moved);
            let moving = cluster.begin_move(slot, 2);
            assert!(moving.key(&moved));
            assert_eq!(read(&one, &world, org, n).await, (before, "hit"));
            let raised = called(&other, write(&world, org)).await.0;
            assert_eq!(other.stats().await.journal.queued, 0);
            assert_eq!(read(&one, &world, org, n).await.0, raised);
            assert_eq!(read(&other, &world, org, n).await.0, raised);
            moving.finish();
            eventually(DEADLINE, || async { read(&one, &world, org, n).await == (raised, "hit") })
                .await;
        }
        no_breaker_is_open(&one).await;
    })
    .await;
}
