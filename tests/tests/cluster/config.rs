//! Who a cache is to a cluster, what it may do there, and what is said where that is not enough.

use super::*;
use cache_runtime::Error;
use cache_tests::{RedisServer, cache_at, limited};

/// Whatever is asked of a cluster beside values alone.
pub(super) async fn everything_works(cluster: &Cluster, cache: &Cache) {
    let world = World::default();
    let numbers: Vec<_> =
        (0..3).flat_map(|node| cluster.numbers(node, 2, |n| format!("shop:n:{n}"))).collect();
    warm(cache, &world, &numbers).await;
    cache.ping().await.unwrap();
    assert!(cache.stats().await.server.is_some_and(|server| server.version.is_some()));
    // A move, in its middle and at its end.
    let slot = cluster.slot(&format!("shop:n:{}", numbers[0]));
    let to = (cluster.owner(slot).unwrap() + 1) % 3;
    let moving = cluster.begin_move(slot, to);
    assert!(moving.key(&format!("shop:n:{}", numbers[0])));
    assert!(hits(cache, &world, numbers[0]).await, "asked where it is now");
    moving.finish();
    all_hit(cache, &world, &numbers).await;
    assert_eq!(cache.count_keys().await, Ok(6));
    let raised = called(cache, raise(&world, numbers[0])).await.0.1;
    assert_eq!(call(cache, &world, numbers[0]).await.0, raised);
    assert_eq!(cache.clear().await, Ok(6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password() {
    let cluster = Cluster::builder().nodes(|node| node.requirepass("se:cr@et")).start();
    limited(async {
        let right = cluster.url_as(":se%3Acr%40et@");
        let cache = builder_at(&right).prefix("shop").build().unwrap();
        everything_works(&cluster, &cache).await;

        let logs = logs(&cluster);
        let wrong = hasty_as(&cluster, ":wro%40ng@");
        let world = World::default();
        assert_eq!(call(&wrong, &world, 1).await.1.misses, 1);
        assert!(wrong.ping().await.is_err());
        eventually(DEADLINE, || async { logs.iter().any(|logs| logs.count("WARN") > 0) }).await;
        assert!(!Logs::anywhere("wro@ng") && !Logs::anywhere("se:cr@et"));
        assert!(!format!("{wrong:?}").contains("wro"));
    })
    .await;
}

fn hasty_as(cluster: &Cluster, login: &str) -> Cache {
    builder_at(&cluster.url_as(login)).timeout(TIMEOUT).build().unwrap()
}

/// It answers, and is no cluster.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_none_of_a_cluster() {
    let server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let url = server.url().replace("redis://", "redis-cluster://");
    let (cache, world) = (cache_at(&url), World::default());
    limited(async {
        for n in 1..=3 {
            assert_eq!(call(&cache, &world, n).await.1.misses, 1);
        }
        let why = "This instance has cluster support disabled";
        let said = || logs.lines().into_iter().filter(|line| line.contains(why)).count();
        eventually(DEADLINE, || async { said() == 1 }).await;
        assert_eq!(server.command::<usize>(&["DBSIZE"]), 0);
    })
    .await;
}

/// A node of a cluster that is named as a single server: what it has not, nobody has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_a_cluster_that_is_taken_for_a_server() {
    let cluster = Cluster::of_primaries();
    let logs = logs(&cluster);
    let (cache, world) = (cache_at(&cluster.node(0).url()), World::default());
    limited(async {
        let [own, stranger] = [0, 1].map(|node| cluster.numbers(node, 1, key)[0]);
        for _ in 0..3 {
            call(&cache, &world, own).await;
            assert_eq!(call(&cache, &world, stranger).await.1.misses, 1);
        }
        let said = logs[0].lines();
        let warned = said.iter().filter(|line| line.contains("redis-cluster://"));
        assert_eq!(warned.count(), 1, "{said:#?}");
    })
    .await;
}

#[test]
fn urls_that_are_none() {
    for (url, why) in [
        ("redis-cluster://", "of the form"),
        ("redis-cluster://h1,,h2", "of the form"),
        ("redis-cluster://h1,h2/1", "database"),
        ("redis-cluster://h1?protocol=resp3", "of the form"),
        ("redis-cluster://h1:port", "of the form"),
        ("redis-cluster://h1#insecure", "#"),
    ] {
        let built = builder_at(url).build();
        let Err(Error::Config(said)) = built else { panic!("{url}: {built:?}") };
        assert!(said.contains(why), "{url}: {said}");
    }
    for url in ["redis-cluster://h1", "redis-cluster://u:p@h1:7000,h2,[::1]:7002/0"] {
        builder_at(url).build().unwrap();
    }
}
