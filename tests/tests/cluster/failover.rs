//! A replica takes over: because it was asked to, or because its primary is gone or hangs. The
//! others are not concerned, and its slots are back within a second of the failover's end.

use super::load::Load;
use super::*;
use cache_tests::{cache_at, limited, within_a_second};
use std::cell::RefCell;
use std::time::Instant;

/// So patient that a busy machine is no outage, and not as patient as a test.
const PATIENCE: Duration = Duration::from_secs(3);

fn patient(cluster: &Cluster) -> Cache {
    builder_at(&cluster.url()).timeout(PATIENCE).build().unwrap()
}

/// Some numbers of each of the first primaries, which are stored, and which their replicas have.
async fn stored(cluster: &Cluster, cache: &Cache, world: &World) -> [Vec<u64>; 3] {
    let numbers = [0, 1, 2].map(|node| cluster.numbers(node, 10, key));
    for numbers in &numbers {
        warm(cache, world, numbers).await;
    }
    (0..3).for_each(|node| cluster.in_step(node));
    numbers
}

/// Waits until a replica has the slots of its primary.
async fn taken_over(cluster: &Cluster, replica: usize, n: u64) -> Instant {
    eventually(DEADLINE, || async { cluster.holder(&key(n)) == replica }).await;
    Instant::now()
}

/// Waits until each of these has been a hit.
async fn back_within_a_second(cache: &Cache, world: &World, numbers: &[u64]) {
    let missing = RefCell::new(numbers.to_vec());
    within_a_second(|| async {
        let asked = missing.borrow().last().copied();
        if let Some(n) = asked
            && hits(cache, world, n).await
        {
            missing.borrow_mut().pop();
        }
        missing.borrow().is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_for_under_load() {
    // Else all refuse that hear of the old one's demotion before they hear of its successor.
    let cluster = six_that_go_on();
    let (cache, world) = (patient(&cluster), World::default());
    limited(async {
        let numbers = stored(&cluster, &cache, &world).await;
        let load = Load::start(&cache, &world, &numbers.concat(), 8);
        // There and back again.
        for (old, new) in [(0, 3), (3, 0)] {
            load.goes_on(100).await;
            cluster.failover(new);
            let over = taken_over(&cluster, new, numbers[0][0]).await;
            back_within_a_second(&cache, &world, &numbers[0]).await;
            println!("hits of node {old} are back {:?} after the failover", over.elapsed());
            load.goes_on(100).await;
            cluster.settled();
        }
        let tally = load.end().await;
        println!("slowest call: {:?}, longest without a hit: {:?}", tally.slowest, tally.without);
        let others = tally.misses.keys().filter(|n| !numbers[0].contains(n));
        assert_eq!(others.count(), 0, "the others were concerned: {:?}", tally.misses);
        assert!(tally.slowest < DEADLINE);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_is_killed() {
    let mut cluster = six_that_go_on();
    let (cache, world) = (patient(&cluster), World::default());
    limited(async {
        let numbers = stored(&cluster, &cache, &world).await;
        let others = [&numbers[1][..], &numbers[2]].concat();
        let load = Load::start(&cache, &world, &others, 4);
        load.goes_on(50).await;
        cluster.node_mut(0).kill();
        let killed = Instant::now();
        let mut misses = 0;
        while cluster.holder(&key(numbers[0][0])) == 0 {
            for n in &numbers[0] {
                let (version, observed) = call(&cache, &world, *n).await;
                assert_eq!(version, 1);
                misses += observed.misses;
            }
        }
        assert!(misses > 0, "nobody has run a body");
        let over = taken_over(&cluster, 3, numbers[0][0]).await;
        back_within_a_second(&cache, &world, &numbers[0]).await;
        println!(
            "without cache: {:?}, of which after the failover: {:?}",
            killed.elapsed(),
            over.elapsed()
        );
        load.goes_on(50).await;
        let tally = load.end().await;
        println!("of the others: slowest call {:?}", tally.slowest);
        assert_eq!(tally.misses, [].into(), "those of the others hit at all times");
        // It comes back as a replica of its successor, and nobody notices.
        let load = Load::start(&cache, &world, &numbers.concat(), 4);
        cluster.node_mut(0).restart();
        cluster.settled();
        load.goes_on(100).await;
        assert_eq!(load.end().await.misses, [].into());
    })
    .await;
}

/// As Redis is by default: while slots have nobody, all primaries refuse.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_others_refuse_meanwhile() {
    let mut cluster = Cluster::start();
    let (cache, world) = (patient(&cluster), World::default());
    limited(async {
        let numbers = stored(&cluster, &cache, &world).await;
        cluster.node_mut(1).kill();
        let over = taken_over(&cluster, 4, numbers[1][0]).await;
        back_within_a_second(&cache, &world, &numbers.concat()).await;
        println!("all are back {:?} after the failover", over.elapsed());
    })
    .await;
}

/// Its port still takes connections, and it comes to itself later, taking itself for a primary.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_hangs_for_longer_than_the_others_wait() {
    let cluster = six_that_go_on();
    let (cache, world) = (patient(&cluster), World::default());
    limited(async {
        let numbers = stored(&cluster, &cache, &world).await;
        let others = [&numbers[0][..], &numbers[1]].concat();
        let load = Load::start(&cache, &world, &others, 4);
        load.goes_on(50).await;
        cluster.node(2).stop();
        let stopped = Instant::now();
        let (_, observed) = call(&cache, &world, numbers[2][0]).await;
        println!("the first call that met it took {:?}: {observed:?}", stopped.elapsed());
        let over = taken_over(&cluster, 5, numbers[2][0]).await;
        back_within_a_second(&cache, &world, &numbers[2]).await;
        println!(
            "without cache: {:?}, of which after the failover: {:?}",
            stopped.elapsed(),
            over.elapsed()
        );
        let raised = called(&cache, raise(&world, numbers[2][0])).await.0.1;
        assert_eq!(call(&cache, &world, numbers[2][0]).await.0, raised);
        cluster.node(2).cont();
        for _ in 0..50 {
            assert_eq!(call(&cache, &world, numbers[2][0]).await.0, raised, "of the old primary");
        }
        cluster.settled();
        assert_eq!(cluster.holder(&key(numbers[2][0])), 5);
        warm(&cache, &world, &numbers[2]).await;
        load.goes_on(50).await;
        assert_eq!(load.end().await.misses, [].into(), "those of the others hit at all times");
    })
    .await;
}

/// Its callers get their value; and it is stored by who comes after the failover.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_is_killed_in_the_middle_of_a_fill() {
    let mut cluster = six_that_go_on();
    let world = World::default();
    let [cache, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        let numbers = cluster.numbers(0, 2, key);
        warm(&other, &world, &cluster.numbers(1, 1, key)).await;
        warm(&cache, &world, &numbers[..1]).await;
        cluster.in_step(0);
        world.reading.close();
        let seen = world.readers();
        let held = tokio::spawn({
            let (cache, world, n) = (cache.clone(), world.clone(), numbers[1]);
            async move { call(&cache, &world, n).await.0 }
        });
        world.reading.reached(seen + 1).await;
        cluster.node_mut(0).kill();
        world.reading.open();
        assert_eq!(held.await.unwrap(), 1);
        taken_over(&cluster, 3, numbers[0]).await;
        back_within_a_second(&cache, &world, &numbers).await;
        warm(&other, &world, &numbers).await;
    })
    .await;
}
