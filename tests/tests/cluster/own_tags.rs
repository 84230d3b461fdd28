//! Tags that the value says: it, they and the log of invalidated ones are on different nodes.

use super::*;
use cache_tests::{Fault, cache_at, limited};

/// Whose it is, and the version of the data.
type Order = (u64, u64);

/// What was invalidated lately.
const LOG: &str = "t:~tags";

#[redis_cache(ttl = 600, key = "order:{id}", tags_with = |order| [("customer", order.0)])]
async fn order(world: &World, id: u64, customer: u64) -> Order {
    (customer, world.read().await)
}

#[redis_invalidate(tags = ["customer:{customer}"])]
async fn moves(world: &World, customer: u64) -> u64 {
    world.commit().await
}

/// An order on one node, and a customer whose tag is on another.
fn on(cluster: &Cluster, value: usize, tag: usize) -> (u64, u64) {
    let first = |node, key: fn(u64) -> String| cluster.numbers(node, 1, key)[0];
    (first(value, |id| format!("t:order:{id}")), first(tag, |n| format!("t:~tag:customer:{n}")))
}

async fn kept(cache: &Cache, id: u64) -> Option<Order> {
    cache.scope(async { order_entry(id).get().await.unwrap() }).await
}

async fn stored(cache: &Cache, world: &World, (id, customer): (u64, u64)) {
    let is_kept = async || {
        cache.scope(order(world, id, customer)).await;
        kept(cache, id).await == Some((customer, world.version()))
    };
    eventually(DEADLINE, is_kept).await;
}

/// Does something while an order is computed; answers what is stored of it then.
async fn while_computed(
    cache: &Cache,
    (id, customer): (u64, u64),
    meanwhile: impl AsyncFnOnce(),
) -> Option<Order> {
    let world = World::default();
    world.reading.close();
    let call = {
        let (cache, world) = (cache.clone(), world.clone());
        tokio::spawn(async move { cache.scope(order(&world, id, customer)).await })
    };
    world.reading.reached(1).await;
    meanwhile().await;
    world.reading.open();
    assert_eq!(call.await.unwrap(), (customer, 1), "its caller has its value");
    let kept = kept(cache, id).await;
    stored(cache, &world, (id, customer)).await;
    cache.invalidate(&format!("order:{id}")).await.unwrap();
    kept
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_they_are() {
    let cluster = Cluster::of_primaries();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        assert_eq!(cluster.holder(LOG), 0);
        for (value, tag) in [(1, 2), (2, 1), (0, 1), (1, 0), (1, 1), (0, 0)] {
            let world = World::default();
            let (id, customer) = on(&cluster, value, tag);
            assert_eq!(called(&one, order(&world, id, customer)).await.0, (customer, 1));
            for cache in [&one, &other] {
                let (found, observed, _) = called(cache, order(&world, id, customer)).await;
                assert_eq!((found, outcome(observed)), ((customer, 1), "hit"));
            }
            assert_eq!(other.scope(moves(&world, customer)).await, 2);
            assert_eq!(kept(&one, id).await, None);
            assert_eq!(one.scope(order(&world, id, customer)).await, (customer, 2));
            assert_eq!(other.invalidate_tag(&format!("customer:{customer}0")).await, Ok(false));
            assert_eq!(kept(&other, id).await, Some((customer, 2)));
            other.soft_invalidate_tag(&format!("customer:{customer}")).await.unwrap();
            assert_eq!(kept(&one, id).await, None);
        }
        assert_eq!(all_errors(&cluster, "CROSSSLOT"), 0);
        no_breaker_is_open(&one).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_invalidated_during_the_computation_is_not_stored() {
    let cluster = Cluster::of_primaries();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        for (value, tag) in [(1, 2), (2, 0), (0, 1)] {
            let (id, customer) = on(&cluster, value, tag);
            for writes in [&one, &other] {
                let invalidate = async |tag: String| {
                    let invalidate = async || assert!(writes.invalidate_tag(&tag).await.is_ok());
                    while_computed(&one, (id, customer), invalidate).await
                };
                assert_eq!(invalidate(format!("customer:{customer}")).await, None);
                let others = invalidate(format!("customer:{customer}0")).await;
                assert_eq!(others, Some((customer, 1)), "another one's");
                let tag = format!("customer:{customer}");
                let soften = async || assert!(writes.soft_invalidate_tag(&tag).await.is_ok());
                assert_eq!(while_computed(&one, (id, customer), soften).await, None);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_lost_or_elsewhere_by_then_voids() {
    let cluster = Cluster::of_primaries();
    let cache = cache_at(&cluster.url());
    limited(async {
        let at = on(&cluster, 1, 2);
        let lost = async || cluster.command(LOG, &["DEL", LOG]);
        assert_eq!(while_computed(&cache, at, lost).await, None);
        // Others may have been told there what this process was not.
        let moved = async || cluster.move_slot(cluster.slot(LOG), 1);
        assert_eq!(while_computed(&cache, at, moved).await, None);
        let back = async || cluster.move_slot(cluster.slot(LOG), 0);
        assert_eq!(while_computed(&cache, at, back).await, None);
        let reconnects = async || {
            let kill = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];
            cluster.node(0).command::<u64>(&kill);
            eventually(DEADLINE, async || cache.ping().await.is_ok()).await;
        };
        assert_eq!(while_computed(&cache, at, reconnects).await, None);
        // On its way, and asked where it is.
        let moving = cluster.begin_move(cluster.slot(LOG), 2);
        assert!(moving.key(LOG));
        assert_eq!(while_computed(&cache, at, async || {}).await, Some((at.1, 1)));
        let tag = format!("customer:{}", at.1);
        let invalidates = async || assert!(cache.invalidate_tag(&tag).await.is_ok());
        assert_eq!(while_computed(&cache, at, invalidates).await, None);
        moving.finish();
        no_breaker_is_open(&cache).await;
    })
    .await;
}

/// A replica that had not heard of what was invalidated last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_successor_that_knows_less_voids() {
    let cluster = Cluster::start();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        let at = on(&cluster, 1, 2);
        stored(&other, &World::default(), at).await;
        other.invalidate(&format!("order:{}", at.0)).await.unwrap();
        let succeeded = async || {
            let (epoch, number): (String, String) = (
                cluster.command(LOG, &["ZSCORE", LOG, "e"]),
                cluster.command(LOG, &["ZSCORE", LOG, "n"]),
            );
            other.invalidate_tag(&format!("customer:{}", at.1)).await.unwrap();
            cluster.failover(3);
            cluster.settled();
            let node = cluster.node(3);
            node.command::<()>(&["DEL", LOG]);
            node.command::<()>(&["ZADD", LOG, &epoch, "e", &number, "n"]);
        };
        assert_eq!(while_computed(&one, at, succeeded).await, None);
    })
    .await;
}

/// A tag is changed while the log does not answer, and once more behind it: what was computed before may
/// have read it in between, and have asked a log that was not told yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_given_before_the_log_was_told_does_not_last() {
    let cluster = Cluster::builder().nodes(cache_tests::RedisServerBuilder::proxied).start();
    let (cache, world) = (cache_at(&cluster.url()), World::default());
    limited(async {
        let at = on(&cluster, 1, 2);
        let (name, tag) = (format!("customer:{}", at.1), format!("t:~tag:customer:{}", at.1));
        let token = || cluster.command::<Option<Vec<u8>>>(&tag, &["GET", &tag]);
        for soft in [false, true] {
            stored(&cache, &world, at).await;
            let before = token().unwrap();
            cluster.node(0).network().set(Fault::Stall);
            let invalidates = {
                let (cache, name) = (cache.clone(), name.clone());
                tokio::spawn(async move {
                    match soft {
                        true => cache.soft_invalidate_tag(&name).await,
                        false => cache.invalidate_tag(&name).await,
                    }
                })
            };
            eventually(DEADLINE, async || token().as_ref() != Some(&before)).await;
            if !soft {
                let seed = "a token of 24 characters";
                cluster.command::<()>(&tag, &["SET", &tag, seed, "EX", "600"]);
            }
            let between = token().unwrap();
            assert!(!invalidates.is_finished(), "the log has not answered");
            cluster.node(0).network().set(Fault::None);
            assert_eq!(invalidates.await.unwrap(), Ok(true));
            let after = token();
            assert_eq!(after.is_some(), soft);
            assert_ne!(after, Some(between));
        }
    })
    .await;
}

/// What says no tags of its own does not notice, nor do other keys of its invalidator.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_of_the_log_is_away() {
    let mut cluster = Cluster::builder().going_on().start();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| hasty(&cluster));
    limited(async {
        let (id, customer) = on(&cluster, 1, 2);
        let ids = cluster.numbers(1, 3, |id| format!("t:order:{id}"));
        let n = cluster.numbers(2, 1, key)[0];
        for cache in [&one, &other] {
            stored(cache, &world, (id, customer)).await;
            warm(cache, &world, &[n]).await;
        }
        cluster.node_mut(0).kill();
        // What is stored is found, and what is computed is not stored.
        assert_eq!(outcome(called(&one, order(&world, id, customer)).await.1), "hit");
        for id in &ids[1..] {
            assert_eq!(one.scope(order(&world, *id, customer)).await, (customer, 1));
            assert_eq!(kept(&one, *id).await, None);
        }
        // The tag waits, and is gone nevertheless.
        assert_eq!(one.scope(moves(&world, customer)).await, 2);
        assert_eq!(one.stats().await.journal.waiting, 1);
        assert!(one.invalidate_tag("customer:0").await.is_err());
        assert_eq!(kept(&one, id).await, None);
        assert_eq!(kept(&other, id).await, None);
        assert_eq!(other.scope(order(&world, id, customer)).await, (customer, 2));
        assert_eq!(one.scope(raise(&world, n)).await, (n, 3));
        assert_eq!(one.stats().await.journal.waiting, 1, "a key of the tag's node does not");
        assert_eq!(call(&other, &world, n).await.0, 3);
        // Nor does one that has to wait for that node itself.
        cluster.node(2).command::<()>(&["ACL", "SETUSER", "default", "-unlink"]);
        assert_eq!(one.scope(raise(&world, n)).await, (n, 4));
        assert_eq!(one.stats().await.journal.waiting, 2);
        cluster.node(2).command::<()>(&["ACL", "SETUSER", "default", "+unlink"]);
        eventually(DEADLINE, async || one.stats().await.journal.waiting == 1).await;
        cluster.node_mut(0).restart();
        replayed(&one).await;
        for cache in [&one, &other] {
            stored(cache, &world, (id, customer)).await;
        }
    })
    .await;
}
