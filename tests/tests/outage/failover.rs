//! The primary dies, or is one no more, and sentinels make its replica the primary.

use super::*;
use cache_runtime::redis_invalidate;
use cache_tests::{RedisServer, Sentinels, World, is_stored, limited, replayed};
use std::time::Instant;

#[redis_cache(ttl = 60, key = "version:{n}")]
async fn version(world: &World, n: u64) -> u64 {
    assert!(n > 0);
    world.read().await
}

#[redis_invalidate(version(n))]
async fn raise(world: &World, n: u64) {
    assert!(n > 0);
    world.changes();
}

struct Pair {
    primary: RedisServer,
    replica: RedisServer,
    sentinels: Sentinels,
}

impl Pair {
    fn start() -> Self {
        let (primary, replica) = (RedisServer::start(), RedisServer::start());
        replica.replica_of(Some(&primary));
        let sentinels = Sentinels::start(&primary, 1);
        Self { primary, replica, sentinels }
    }

    /// The replica has what the primary has.
    async fn in_step(&self, key: &str) {
        eventually(DEADLINE, || async { is_stored(&self.replica, key) }).await;
    }

    /// Waits until the sentinels name the replica; since when they do, by a look every few
    /// milliseconds.
    async fn switched(&self) -> Instant {
        let switched = || async { self.sentinels.primary() == Some(self.replica.port()) };
        eventually(Sentinels::SWITCHES_WITHIN, switched).await;
        Instant::now()
    }
}

/// The primary is killed while a body runs. Its caller gets its value; what was invalidated while
/// there was no primary stays invalidated; and calls are cached again within a second of the
/// failover's end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_fill() {
    let mut pair = Pair::start();
    let cache = cache_at(&pair.sentinels.url());
    let world = World::default();
    limited(async {
        for n in 1..=2 {
            eventually(DEADLINE, || async { called(&cache, version(&world, n)).await.1.hits == 1 })
                .await;
            pair.in_step(&format!("t:version:{n}")).await;
        }
        world.reading.close();
        let held = tokio::spawn({
            let (cache, world) = (cache.clone(), world.clone());
            async move { called(&cache, version(&world, 3)).await.0 }
        });
        world.reading.holds_one().await;
        pair.primary.kill();
        let killed = Instant::now();
        world.reading.open();
        assert_eq!(held.await.unwrap(), 1, "its caller has waited for nothing but the body");
        // There is nobody to tell, now.
        called(&cache, raise(&world, 1)).await;
        assert_eq!(called(&cache, version(&world, 1)).await.0, 2);

        let switched = pair.switched().await;
        within_a_second(|| async { called(&cache, version(&world, 4)).await.1.hits == 1 }).await;
        println!(
            "without cache: {:?}, of which after the failover: {:?}",
            killed.elapsed(),
            switched.elapsed()
        );
        replayed(&cache).await;
        let other = cache_at(&pair.sentinels.url());
        assert_eq!(called(&other, version(&world, 1)).await.0, 2, "what was invalidated is gone");
        assert_eq!(called(&other, version(&world, 2)).await.0, 1, "what was stored is there");
    })
    .await;
}

/// Nothing is wrong with the primary, which answers as one for some seconds after its failover.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_none_any_more_is_left_at_once() {
    let pair = Pair::start();
    let cache = cache_tests::cache_at(&pair.sentinels.url());
    limited(async {
        warm(&cache, 7).await;
        assert!(is_stored(&pair.primary, "t:n:7"));
        pair.sentinels.failover();
        let switched = pair.switched().await;
        let mut n = 1000;
        // Seconds before the sentinels tell the old one that it is a replica.
        within_a_second(|| {
            n += 1;
            let (cache, pair) = (&cache, &pair);
            async move {
                computes(cache, n).await;
                is_stored(&pair.replica, &format!("t:n:{n}"))
            }
        })
        .await;
        println!("left after: {:?}", switched.elapsed());
    })
    .await;
}
