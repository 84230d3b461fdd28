//! The cluster is well, and the network between it and this process is not; or the network within.

use super::load::Load;
use super::*;
use cache_tests::{Fault, limited, within_a_second};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_is_out_of_reach() {
    let cluster = Cluster::builder().nodes(cache_tests::RedisServerBuilder::proxied).start();
    let world = World::default();
    let patience = Duration::from_secs(2);
    let cache = builder_at(&cluster.url()).timeout(patience).build().unwrap();
    limited(async {
        let numbers = [0, 1, 2].map(|node| cluster.numbers(node, 5, key));
        for numbers in &numbers {
            warm(&cache, &world, numbers).await;
        }
        let faults =
            [Fault::Drop, Fault::HalfClose, Fault::Garbage, Fault::BlackHole, Fault::Stall];
        for (node, fault) in [0, 1, 2].into_iter().cycle().zip(faults) {
            let others: Vec<_> =
                numbers.iter().enumerate().filter(|(other, _)| *other != node).collect();
            let others: Vec<_> = others.into_iter().flat_map(|(_, some)| some.clone()).collect();
            let load = Load::start(&cache, &world, &others, 4);
            load.goes_on(20).await;
            cluster.node(node).network().set(fault);
            for n in &numbers[node] {
                assert_eq!(call(&cache, &world, *n).await.1.misses, 1, "{fault:?}");
            }
            let raised = called(&cache, raise(&world, numbers[node][0])).await.0.1;
            assert_eq!(cache.stats().await.journal.waiting, 1, "{fault:?}");
            load.goes_on(20).await;
            let tally = load.end().await;
            assert_eq!(tally.misses, [].into(), "{fault:?} of node {node} has hit others");
            cluster.node(node).network().set(Fault::None);
            let n = numbers[node][1];
            within_a_second(|| hits(&cache, &world, n)).await;
            replayed(&cache).await;
            assert_eq!(call(&cache, &world, numbers[node][0]).await.0, raised);
            warm(&cache, &world, &numbers[node]).await;
        }
    })
    .await;
}

/// A primary that is cut off from the others answers for a while as if it were still one, and knows
/// nothing of its successor; this process hears from both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_is_cut_off_from_the_others() {
    if !cache_tests::is_since(7, 0) {
        return;
    }
    let cluster = Cluster::builder().replicas().divisible().going_on().start();
    let (cache, world) = (cache_tests::cache_at(&cluster.url()), World::default());
    limited(async {
        let numbers = [0, 1, 2].map(|node| cluster.numbers(node, 5, key));
        for (node, numbers) in numbers.iter().enumerate() {
            warm(&cache, &world, numbers).await;
            cluster.in_step(node);
        }
        let others = [&numbers[1][..], &numbers[2]].concat();
        let load = Load::start(&cache, &world, &others, 4);
        cluster.cut_off(&[0]);
        eventually(DEADLINE, || async { cluster.holder(&key(numbers[0][0])) == 3 }).await;
        let over = std::time::Instant::now();
        // It says for itself that it cannot answer, before it knows who can.
        let n = numbers[0][0];
        let refuses = || cluster.node(0).try_command::<redis::Value>(&["GET", &key(n)]).is_err();
        eventually(DEADLINE, || async { refuses() }).await;
        within_a_second(|| hits(&cache, &world, n)).await;
        println!("back {:?} after the failover", over.elapsed());
        for _ in 0..20 {
            all_hit(&cache, &world, &numbers[0]).await;
        }
        let raised = called(&cache, raise(&world, n)).await.0.1;
        assert_eq!(
            cluster.node(3).command::<u64>(&["EXISTS", &key(n)]),
            0,
            "its successor is told"
        );
        cluster.cut_off(&[]);
        for _ in 0..20 {
            assert_eq!(call(&cache, &world, n).await.0, raised);
        }
        cluster.settled();
        all_hit(&cache, &world, &numbers[0]).await;
        load.goes_on(50).await;
        assert_eq!(load.end().await.misses, [].into(), "those of the others hit at all times");
    })
    .await;
}
