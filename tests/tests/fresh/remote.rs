//! Stale values in one Redis that two processes share. They are put there with the life that makes
//! them stale, so that nobody has to wait for it.

use super::{call, idle, set_stale};
use cache_runtime::{Cache, redis_cache};
use cache_tests::{DEADLINE, Scene, World, builder_at, eventually, limited};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(100);

/// Fresh with more than 60 s left.
#[redis_cache(ttl = 60, key = "r", stale_while_revalidate = 60)]
async fn revalidated(world: &World) -> Result<u64, String> {
    world.try_read().await
}

/// Fresh with more than 60 s left.
#[redis_cache(ttl = 60, key = "e", stale_if_error = 60)]
async fn on_error(world: &World) -> Result<u64, String> {
    world.try_read().await
}

#[tokio::test]
async fn the_life_that_is_left_tells_fresh_from_stale() {
    limited(async {
        let Scene { server, one, world, .. } = &Scene::start();
        server.command::<()>(&["SET", "t:r", "7", "EX", "61"]);
        assert_eq!(call(one, revalidated(world)).await, (Ok(7), "hit"));
        server.command::<()>(&["SET", "t:r", "7", "EX", "60"]);
        assert_eq!(call(one, revalidated(world)).await, (Ok(7), "stale"));
        idle(one).await;
        let left = server.command::<i64>(&["PTTL", "t:r"]);
        assert!((119_000..=120_000).contains(&left), "{left}");
        // Without an end nobody knows how old it is.
        server.command::<()>(&["SET", "t:r", "7"]);
        assert_eq!(call(one, revalidated(world)).await, (Ok(1), "miss"));
        assert!(server.command::<i64>(&["PTTL", "t:r"]) > 119_000);
    })
    .await;
}

#[tokio::test]
async fn one_refresh_for_the_callers_of_two_processes() {
    limited(async {
        let all = Scene::start();
        set_stale(&all, "t:r");
        all.world.reading.close();
        for _ in 0..20 {
            for cache in [&all.one, &all.other] {
                assert_eq!(call(cache, revalidated(&all.world)).await, (Ok(7), "stale"));
            }
        }
        all.world.reading.holds_one().await;
        // The process that is not refreshing asks for the lease, and is not given it.
        let refreshing = async |cache: &Cache| cache.stats().await.process.refreshing;
        eventually(DEADLINE, async || {
            refreshing(&all.one).await + refreshing(&all.other).await == 1
        })
        .await;
        all.world.reading.open();
        idle(&all.one).await;
        idle(&all.other).await;
        assert_eq!(all.world.readers(), 1);
        for cache in [&all.one, &all.other] {
            assert_eq!(call(cache, revalidated(&all.world)).await, (Ok(1), "hit"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_refresh_that_comes_late_looks_again() {
    limited(async {
        let all = Scene::start();
        for (key, first) in [("t:r", &all.one), ("t:r", &all.other)] {
            set_stale(&all, key);
            let before = all.world.readers();
            // Both have read the stale value before either asks for the lease.
            let (one, other) = tokio::join!(
                call(first, revalidated(&all.world)),
                call(&all.other, revalidated(&all.world))
            );
            assert!([one.0, other.0].contains(&Ok(7)));
            idle(&all.one).await;
            idle(&all.other).await;
            assert_eq!(all.world.readers(), before + 1);
        }
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_elsewhere_in_mid_refresh_is_not_overtaken() {
    limited(async {
        let all = Scene::start();
        macro_rules! check {
            ($($function:ident $entry:ident $key:literal)*) => {$(
                for how in 0..4 {
                    let old = all.world.version();
                    set_stale(&all, concat!("t:", $key));
                    all.world.reading.close();
                    let caller = tokio::spawn({
                        let (cache, world) = (all.one.clone(), all.world.clone());
                        async move { call(&cache, $function(&world)).await.0 }
                    });
                    all.world.reading.holds_one().await;
                    all.world.changes();
                    match how {
                        0 => drop(all.other.invalidate($key).await.unwrap()),
                        1 => drop(all.other.invalidate_matching("?").await.unwrap()),
                        2 => drop(all.other.clear().await.unwrap()),
                        _ => {
                            let put = async { $entry().put(&Ok(99)).await };
                            assert_eq!(all.other.scope(put).await, Ok(true));
                        }
                    }
                    all.world.reading.open();
                    let answer = caller.await.unwrap().unwrap();
                    assert!(answer == 7 || answer == old);
                    idle(&all.one).await;
                    let expected = if how == 3 { 99 } else { old + 1 };
                    assert_eq!(call(&all.one, $function(&all.world)).await.0, Ok(expected));
                    all.one.clear().await.unwrap();
                }
            )*};
        }
        check!(revalidated revalidated_entry "r" on_error on_error_entry "e");
    })
    .await;
}

#[tokio::test]
async fn nobody_gets_the_stale_value_that_another_read_before_an_invalidation() {
    limited(async {
        let all = Scene::start();
        set_stale(&all, "t:e");
        all.world.reading.close();
        all.world.fails(true);
        let (leader, waiter) = tokio::join!(call(&all.one, on_error(&all.world)), async {
            all.world.reading.holds_one().await;
            all.other.invalidate("e").await.unwrap();
            // Begins after it, and joins the flight of a caller that has read the value.
            tokio::join!(call(&all.one, on_error(&all.world)), async {
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                all.world.reading.open();
            })
            .0
        });
        assert_eq!(leader.0, Ok(7));
        assert_eq!(waiter.0, Err("down".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn the_stale_value_is_better_than_a_second_body_beside_another_process() {
    limited(async {
        let all = Scene::start();
        let Scene { server, one, world, .. } = &all;
        let hasty = builder_at(&server.url()).wait(SHORT).build().unwrap();
        set_stale(&all, "t:e");
        world.reading.close();
        let (computed, ()) = tokio::join!(call(one, on_error(world)), async {
            world.reading.holds_one().await;
            assert_eq!(call(&hasty, on_error(world)).await, (Ok(7), "stale"));
            world.reading.open();
        });
        assert_eq!((computed, world.readers()), ((Ok(1), "miss"), 1));
    })
    .await;
}

/// Longer than Redis and a time to live together could hold, were it not cut.
#[redis_cache(ttl = "1h", key = "long:{n}", stale_if_error = Duration::MAX)]
async fn for_ever_on_error(world: &World, n: u64) -> Result<u64, String> {
    let _ = n;
    world.try_read().await
}

#[redis_cache(ttl = "1h", key = "years:{n}", stale_if_error = "87600h")]
async fn for_ten_years(world: &World, n: u64) -> Result<u64, String> {
    let _ = n;
    world.try_read().await
}

#[tokio::test]
async fn a_window_without_end_leaves_the_time_to_live() {
    limited(async {
        let Scene { one, world, .. } = &Scene::start();
        for expected in ["miss", "hit"] {
            assert_eq!(call(one, for_ever_on_error(world, 1)).await.1, expected);
            assert_eq!(call(one, for_ten_years(world, 1)).await.1, expected);
        }
        let left = one.scope(async { for_ever_on_error_entry(1).ttl().await }).await.unwrap();
        let hour = Duration::from_secs(3600);
        assert!(left.is_some_and(|left| !left.is_zero() && left <= hour), "{left:?}");
    })
    .await;
}
