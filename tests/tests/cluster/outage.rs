//! What was invalidated while a node was away reaches it, or who has its slots then; and what was
//! invalidated elsewhere does not wait for that.

use super::*;
use cache_tests::{cache_at, limited};

/// How many invalidations have not reached Redis yet.
async fn waiting(cache: &Cache) -> u64 {
    cache.stats().await.journal.waiting
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_node_that_comes_back() {
    let mut cluster = Cluster::builder().going_on().start();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| hasty(&cluster));
    limited(async {
        let [dead, well] = [0, 1].map(|node| cluster.numbers(node, 3, key));
        for cache in [&one, &other] {
            warm(cache, &world, &dead).await;
            warm(cache, &world, &well).await;
        }
        cluster.node_mut(0).kill();
        let raised = called(&one, raise(&world, dead[0])).await.0.1;
        assert_eq!(waiting(&one).await, 1);
        // Each of the others is told at once, though one waits.
        for n in &well {
            let raised = called(&one, raise(&world, *n)).await.0.1;
            assert!(!cluster.node(1).command::<bool>(&["EXISTS", &key(*n)]));
            assert_eq!(waiting(&one).await, 1, "nothing of the others waits");
            assert_eq!(call(&other, &world, *n).await.0, raised);
        }
        all_hit(&one, &world, &well).await;
        assert_eq!(call(&one, &world, dead[0]).await.0, world.version(), "not by its old value");
        cluster.node_mut(0).restart();
        replayed(&one).await;
        assert!(cluster.node(0).calls("unlink") > 0, "it has been told");
        for cache in [&one, &other] {
            assert!(call(cache, &world, dead[0]).await.0 >= raised);
            warm(cache, &world, &dead).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_node_that_has_a_successor() {
    let mut cluster = six_that_go_on();
    let world = World::default();
    let one = hasty(&cluster);
    limited(async {
        let [dead, well] = [0, 1].map(|node| cluster.numbers(node, 3, key));
        warm(&one, &world, &dead).await;
        warm(&one, &world, &well).await;
        cluster.in_step(0);
        cluster.node_mut(0).kill();
        called(&one, raise(&world, dead[0])).await;
        let raised = called(&one, raise(&world, well[0])).await.0.1;
        assert!(!cluster.node(1).command::<bool>(&["EXISTS", &key(well[0])]), "not held up");
        assert_eq!(call(&one, &world, dead[0]).await.0, raised);
        eventually(DEADLINE, || async { cluster.holder(&key(dead[0])) == 3 }).await;
        replayed(&one).await;
        let other = cache_at(&cluster.url());
        assert_eq!(call(&other, &world, dead[0]).await.0, raised);
        all_hit(&other, &world, &dead[1..]).await;
    })
    .await;
}

/// A primary has acknowledged what its replica has not heard of when it takes over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_last_is_said_again_to_the_successor() {
    let with_password = |node: cache_tests::RedisServerBuilder| node.requirepass("pw");
    let mut cluster = Cluster::builder().replicas().going_on().nodes(with_password).start();
    let url = cluster.url_as(":pw@");
    let world = World::default();
    let [one, other] = [(); 2].map(|()| cache_at(&url));
    limited(async {
        let n = cluster.numbers(0, 1, key)[0];
        warm(&one, &world, &[n]).await;
        cluster.in_step(0);
        // From here on the replica hears nothing.
        cluster.node(3).config_set("masterauth", "wrong");
        cluster.node(0).command::<()>(&["CLIENT", "KILL", "TYPE", "replica"]);
        let raised = called(&one, raise(&world, n)).await.0.1;
        assert_eq!(one.stats().await.journal.queued, 0, "it was acknowledged");
        cluster.node_mut(0).kill();
        eventually(DEADLINE, || async { cluster.holder(&key(n)) == 3 }).await;
        let gone = || async { call(&other, &world, n).await.0 == raised };
        eventually(DEADLINE, gone).await;
    })
    .await;
}

/// One primary is away, and another one has a list under a key, for which there is no lease: whoever comes after
/// another process' invalidation does not get what was begun before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_a_node_that_answers_is_not_cut_off_by_another() {
    let mut cluster = Cluster::builder().going_on().start();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| hasty(&cluster));
    limited(async {
        let [dead, well] = [0, 1].map(|node| cluster.numbers(node, 1, key)[0]);
        warm(&one, &world, &[dead, well]).await;
        warm(&other, &world, &[well]).await;
        cluster.node_mut(0).kill();
        eventually(DEADLINE, async || one.ping().await.is_err()).await;
        cluster.node(1).command::<()>(&["DEL", &key(well)]);
        cluster.node(1).command::<()>(&["LPUSH", &key(well), "x"]);

        world.reading.close();
        let start = || {
            let (one, world) = (one.clone(), world.clone());
            tokio::spawn(async move { call(&one, &world, well).await.0 })
        };
        let begun = world.readers();
        let old = start();
        eventually(DEADLINE, async || world.readers() > begun).await;
        let raised = called(&other, raise(&world, well)).await.0.1;
        let looked = cluster.node(1).calls("get");
        let late = start();
        eventually(DEADLINE, async || cluster.node(1).calls("get") > looked).await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        world.reading.open();
        assert!(old.await.unwrap() < raised, "its caller has its value");
        assert_eq!(late.await.unwrap(), raised);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_nodes_are_away_and_come_back() {
    let mut cluster = Cluster::of_primaries();
    let (cache, world) = (hasty(&cluster), World::default());
    limited(async {
        let numbers: Vec<_> = (0..3).flat_map(|node| cluster.numbers(node, 3, key)).collect();
        warm(&cache, &world, &numbers).await;
        (0..3).for_each(|node| cluster.node_mut(node).kill());
        for n in &numbers {
            assert_eq!(call(&cache, &world, *n).await.1.misses, 1);
            called(&cache, raise(&world, *n)).await;
        }
        assert_eq!(waiting(&cache).await, 9);
        assert!(cache.ping().await.is_err() && cache.clear().await.is_err());
        (0..3).for_each(|node| cluster.node_mut(node).restart());
        replayed(&cache).await;
        warm(&cache, &world, &numbers).await;
        cache.ping().await.unwrap();
    })
    .await;
}

/// None of those that the configuration names is there when the program starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn away_from_the_start() {
    let mut cluster = Cluster::of_primaries();
    let numbers: Vec<_> = (0..3).flat_map(|node| cluster.numbers(node, 3, key)).collect();
    (0..3).for_each(|node| cluster.node_mut(node).kill());
    let (cache, world) = (hasty(&cluster), World::default());
    limited(async {
        for n in &numbers {
            assert_eq!(call(&cache, &world, *n).await.1.misses, 1);
        }
        (0..3).for_each(|node| cluster.node_mut(node).restart());
        warm(&cache, &world, &numbers).await;
    })
    .await;
}
