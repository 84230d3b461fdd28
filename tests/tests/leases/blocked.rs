//! A body that holds its thread keeps its lease all the same: renewals are the cache's own.

use super::*;
use cache_tests::{DEADLINE, RedisServer, Runs, Scene, cache_at, eventually, is_leased, stored};
use std::time::Duration;

/// Longer than a lease lasts unless it is renewed.
const LONG: Duration = Duration::from_millis(2500);

#[redis_cache(ttl = 600, key = "plain:{year}", cache = cache)]
fn plain(cache: &Cache, runs: &Runs, year: u32) -> u32 {
    runs.one_more();
    std::thread::sleep(LONG); // it computes
    year
}

#[redis_cache(ttl = 600, key = "busy:{year}", cache = cache)]
async fn busy(cache: &Cache, runs: &Runs, year: u32) -> u32 {
    runs.one_more();
    std::thread::sleep(LONG); // it computes, and lets nobody else on this thread
    year
}

#[test]
fn what_a_plain_function_computes_for_long_is_stored() {
    let server = RedisServer::start();
    let (cache, runs) = (cache_at(&server.url()), Runs::default());
    for _ in 0..3 {
        assert_eq!(plain(&cache, &runs, 1), 1);
    }
    assert_eq!(runs.count(), 1);
    assert_eq!(server.command::<String>(&["GET", "t:plain:1"]), "1");
}

#[tokio::test]
async fn what_holds_the_only_thread_of_its_runtime_is_stored() {
    let server = RedisServer::start();
    let (cache, runs) = (cache_at(&server.url()), Runs::default());
    for _ in 0..3 {
        assert_eq!(busy(&cache, &runs, 1).await, 1);
    }
    assert_eq!(runs.count(), 1);
    assert_eq!(server.command::<String>(&["GET", "t:busy:1"]), "1");
}

#[tokio::test]
async fn what_is_not_stored_since_its_lease_ran_out_is_counted() {
    let Scene { server, one, world, .. } = Scene::start();
    server.command::<()>(&["ACL", "SETUSER", "default", "-pexpire"]); // so nothing is renewed
    world.reading.close();
    let holder = call(&one, &world, 7);
    world.reading.reached(1).await;
    eventually(DEADLINE, async || !is_leased(&server, KEY)).await;
    world.reading.open();
    assert_eq!(holder.await.unwrap(), 1);
    assert_eq!(stored(&server, KEY), None);
    assert_eq!(one.stats().await.process.total.leases_lost, 1);

    // One that was invalidated meanwhile did not lose it.
    world.reading.close();
    let holder = call(&one, &world, 7);
    world.reading.reached(1).await;
    one.invalidate(KEY).await.unwrap();
    world.reading.open();
    holder.await.unwrap();
    assert_eq!(one.stats().await.process.total.leases_lost, 1);
}
