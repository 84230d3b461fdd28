//! Keys of a number, which are looked for without being rendered: what is found is the same.

use super::{kept, looked};
use cache_runtime::{Cache, redis_cache};
use cache_test_servers::RedisServer;
use cache_tests::{DEADLINE, World, cache_at, eventually};
use std::sync::{Arc, OnceLock};

#[redis_cache(ttl = 300, key = "number:{id}", l1)]
async fn by_number(world: &World, id: i64) -> Arc<u64> {
    Arc::new(world.read().await)
}

#[redis_cache(ttl = 300, key = "number:{id}", l1)]
async fn by_text(world: &World, id: &str) -> Arc<u64> {
    Arc::new(world.read().await)
}

#[redis_cache(ttl = 300, key = "number:{id}", version = 2, l1)]
async fn by_version(world: &World, id: &u8) -> Arc<u64> {
    Arc::new(world.read().await)
}

#[redis_cache(ttl = 300, key = "number:1{id}", l1)]
async fn behind_a_digit(world: &World, id: u8) -> Arc<u64> {
    Arc::new(world.read().await)
}

#[tokio::test]
async fn a_number_and_its_text_are_one_key() {
    let (server, world) = (RedisServer::start(), World::default());
    let cache = cache_at(&server.url());
    assert_eq!(*kept(&cache, || by_number(&world, 7)).await, 1);
    world.changes();
    // Once more by number alone, and whatever else renders so.
    assert_eq!(*kept(&cache, || by_number(&world, 7)).await, 1);
    assert_eq!(*kept(&cache, || by_text(&world, "7")).await, 1);
    // What renders otherwise is another key, and so another version of the world.
    for other in ["07", "70", "-7", ""] {
        assert_eq!(*kept(&cache, || by_text(&world, other)).await, 2, "{other:?}");
    }
    assert_eq!(*kept(&cache, || by_number(&world, 70)).await, 2);
    assert_eq!(*kept(&cache, || by_number(&world, -7)).await, 2);
    assert_eq!(*kept(&cache, || by_version(&world, &7)).await, 2);
    world.changes();
    for id in [0, 7, 8] {
        assert_eq!(*kept(&cache, || by_version(&world, &id)).await, if id == 7 { 2 } else { 3 });
    }
    // `number:17` is that of both.
    assert_eq!(*kept(&cache, || by_number(&world, 17)).await, 3);
    world.changes();
    assert_eq!(*kept(&cache, || behind_a_digit(&world, 7)).await, 3);
    assert_eq!(*kept(&cache, || behind_a_digit(&world, 8)).await, 4);
    assert_eq!(*kept(&cache, || by_number(&world, 18)).await, 4);
}

static OUTSIDE: OnceLock<Cache> = OnceLock::new();

#[redis_cache(ttl = 300, key = "outside:{id}", l1, cache = OUTSIDE.get().unwrap())]
async fn outside(world: &World, id: u64) -> Arc<u64> {
    Arc::new(world.read().await)
}

#[tokio::test]
async fn outside_of_every_scope_no_call_goes_uncounted() {
    const THREADS: u64 = 4;
    const CALLS: u64 = 100;
    let (server, world) = (RedisServer::start(), World::default());
    let cache = cache_at(&server.url());
    OUTSIDE.set(cache.clone()).unwrap();
    assert_eq!(*kept(&cache, || outside(&world, 7)).await, 1);
    world.changes();
    let figures = async || {
        let process = cache.stats().await.process;
        let function = process.functions.iter().find(|f| f.path.ends_with("outside")).unwrap();
        (process.total.memory_hits, process.total.hits, function.counts.memory_hits)
    };
    let before = figures().await;
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async {
                    for _ in 0..CALLS {
                        assert_eq!(*outside(&world, 7).await, 1);
                    }
                });
            });
        }
    });
    let more = THREADS * CALLS;
    assert_eq!(figures().await, (before.0 + more, before.1 + more, before.2 + more));
    // And another process' change reaches them.
    let _: u64 = server.command(&["DEL", "t:outside:7"]);
    eventually(DEADLINE, async || *outside(&world, 7).await == 2).await;
    assert!(looked(&cache, outside(&world, 7)).await.0 == 2.into());
}
