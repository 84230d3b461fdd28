//! `stale_while_revalidate` and `stale_if_error` in memory, with a clock that is moved by hand.

use super::{call, idle};
use cache_runtime::{observe, redis_cache};
use cache_tests::{World, called, limited, moved};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Fresh for 10 s, then served at once for 20 s.
#[redis_cache(ttl = 10, key = "r", stale_while_revalidate = 20)]
async fn revalidated(world: &World) -> Result<u64, String> {
    world.try_read().await
}

/// Fresh for 10 s, then served on errors for 60 s.
#[redis_cache(ttl = 10, key = "e", stale_if_error = 60)]
async fn on_error(world: &World) -> Result<u64, String> {
    world.try_read().await
}

#[redis_cache(
    ttl = 10,
    key = "b",
    stale_while_revalidate = 20,
    stale_if_error = 60,
    cache_if = |value| *value < 100
)]
async fn both(world: &World) -> Result<u64, String> {
    world.try_read().await
}

#[tokio::test]
async fn a_stale_value_is_served_at_once_and_refreshed_behind() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        assert_eq!(call(&cache, revalidated(&world)).await, (Ok(1), "miss"));
        clock.advance(10 * SECOND - Duration::from_nanos(1));
        assert_eq!(call(&cache, revalidated(&world)).await, (Ok(1), "hit"));
        clock.advance(Duration::from_nanos(1));
        world.changes();
        world.reading.close();
        assert_eq!(call(&cache, revalidated(&world)).await, (Ok(1), "stale"));
        world.reading.holds_one().await;
        world.reading.open();
        idle(&cache).await;
        assert_eq!(call(&cache, revalidated(&world)).await, (Ok(2), "hit"));
        assert_eq!(world.readers(), 2);
        let total = cache.stats().await.process.total;
        assert_eq!((total.refreshes, total.stale, total.refreshes_skipped), (1, 1, 0));
        assert_eq!(cache.stats().await.process.hit_rate, Some(50.0));
    })
    .await;
}

#[tokio::test]
async fn many_stale_callers_start_one_refresh() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, revalidated(&world)).await.0.unwrap();
        clock.advance(15 * SECOND);
        world.reading.close();
        for _ in 0..100 {
            assert_eq!(call(&cache, revalidated(&world)).await, (Ok(1), "stale"));
        }
        world.reading.holds_one().await;
        world.reading.open();
        assert!(cache.shutdown().await);
        assert_eq!((world.readers(), cache.stats().await.process.total.refreshes), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_value_served_for_ever_by_a_failing_body_ends_at_its_time() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, revalidated(&world)).await.0.unwrap();
        call(&cache, on_error(&world)).await.0.unwrap();
        world.fails(true);
        // At 10 s and every second after it, until both have ended.
        for second in 0..80 {
            let revalidated = call(&cache, revalidated(&world)).await;
            let on_error = call(&cache, on_error(&world)).await;
            idle(&cache).await;
            match second {
                0..10 => assert_eq!(revalidated, (Ok(1), "hit")),
                10..30 => assert_eq!(revalidated, (Ok(1), "stale"), "{second}"),
                _ => assert_eq!(revalidated, (Err("down".into()), "miss"), "{second}"),
            }
            match second {
                0..10 => assert_eq!(on_error, (Ok(1), "hit")),
                10..70 => assert_eq!(on_error, (Ok(1), "stale"), "{second}"),
                _ => assert_eq!(on_error, (Err("down".into()), "miss"), "{second}"),
            }
            clock.advance(SECOND);
        }
    })
    .await;
}

#[tokio::test]
async fn after_a_failure_a_key_rests_for_five_seconds() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, on_error(&world)).await.0.unwrap();
        world.fails(true);
        clock.advance(10 * SECOND);
        for _ in 0..10 {
            assert_eq!(call(&cache, on_error(&world)).await, (Ok(1), "stale"));
        }
        assert_eq!(world.readers(), 2);
        clock.advance(5 * SECOND);
        world.fails(false);
        world.changes();
        assert_eq!(call(&cache, on_error(&world)).await, (Ok(2), "miss"));

        // Behind as well, where it panics too.
        call(&cache, revalidated(&world)).await.0.unwrap();
        clock.advance(10 * SECOND);
        world.panics();
        let before = world.readers();
        for _ in 0..10 {
            assert_eq!(call(&cache, revalidated(&world)).await, (Ok(2), "stale"));
            idle(&cache).await;
        }
        assert_eq!(world.readers(), before + 1);
        clock.advance(5 * SECOND);
        assert_eq!(call(&cache, revalidated(&world)).await, (Ok(2), "stale"));
        idle(&cache).await;
        assert_eq!(world.readers(), before + 2);
    })
    .await;
}

#[tokio::test]
async fn each_window_ends_at_its_own_time() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, both(&world)).await.0.unwrap();
        world.fails(true);
        clock.advance(29 * SECOND);
        assert_eq!(call(&cache, both(&world)).await, (Ok(1), "stale"));
        idle(&cache).await;
        assert_eq!(world.readers(), 2, "behind");
        clock.advance(6 * SECOND);
        assert_eq!(call(&cache, both(&world)).await, (Ok(1), "stale"));
        assert_eq!(world.readers(), 3, "in front");
        clock.advance(6 * SECOND);
        world.fails(false);
        world.changes();
        assert_eq!(call(&cache, both(&world)).await, (Ok(2), "miss"));
    })
    .await;
}

#[tokio::test]
async fn what_may_not_be_stored_takes_the_stale_value_away() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, both(&world)).await.0.unwrap();
        clock.advance(15 * SECOND);
        world.becomes(100);
        assert_eq!(call(&cache, both(&world)).await, (Ok(1), "stale"));
        idle(&cache).await;
        assert_eq!(call(&cache, both(&world)).await, (Ok(100), "miss"));
        assert_eq!(cache.count_keys().await, Ok(0));
    })
    .await;
}

#[tokio::test]
async fn a_value_that_ends_while_the_body_runs_is_not_served() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, on_error(&world)).await.0.unwrap();
        clock.advance(69 * SECOND);
        world.reading.close();
        world.fails(true);
        let (late, ()) = tokio::join!(call(&cache, on_error(&world)), async {
            world.reading.holds_one().await;
            clock.advance(SECOND);
            world.reading.open();
        });
        assert_eq!(late, (Err("down".into()), "miss"));
    })
    .await;
}

#[tokio::test]
async fn a_waiter_falls_back_to_what_it_read_itself() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, on_error(&world)).await.0.unwrap();
        clock.advance(15 * SECOND);
        world.reading.close();
        world.fails(true);
        let leader = call(&cache, on_error(&world));
        let (leader, (waiter, ())) = tokio::join!(leader, async {
            world.reading.holds_one().await;
            tokio::join!(call(&cache, on_error(&world)), async {
                tokio::task::yield_now().await;
                world.reading.open();
            })
        });
        assert_eq!((leader, waiter), ((Ok(1), "stale"), (Ok(1), "stale")));
        assert_eq!(world.readers(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_in_mid_refresh_is_not_overtaken() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        macro_rules! check {
            ($($function:ident $key:literal)*) => {$(
                for how in 0..3 {
                    call(&cache, $function(&world)).await.0.unwrap();
                    clock.advance(15 * SECOND);
                    world.reading.close();
                    let stale = tokio::spawn({
                        let (cache, world) = (cache.clone(), world.clone());
                        async move { call(&cache, $function(&world)).await.0 }
                    });
                    world.reading.holds_one().await;
                    world.changes();
                    match how {
                        0 => drop(cache.invalidate($key).await.unwrap()),
                        1 => drop(cache.invalidate_matching("?").await.unwrap()),
                        _ => drop(cache.clear().await.unwrap()),
                    }
                    world.reading.open();
                    stale.await.unwrap().unwrap();
                    idle(&cache).await;
                    let new = world.version();
                    assert_eq!(call(&cache, $function(&world)).await, (Ok(new), "miss"), "{how}");
                    cache.clear().await.unwrap();
                }
            )*};
        }
        check!(revalidated "r" on_error "e" both "b");
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_caller_does_not_stop_its_refresh() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, revalidated(&world)).await.0.unwrap();
        clock.advance(15 * SECOND);
        world.changes();
        world.reading.close();
        let caller = tokio::spawn({
            let (cache, world) = (cache.clone(), world.clone());
            async move {
                call(&cache, revalidated(&world)).await.0.unwrap();
                std::future::pending::<()>().await;
            }
        });
        world.reading.holds_one().await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        world.reading.open();
        assert!(cache.shutdown().await);
        assert_eq!(call(&cache, revalidated(&world)).await, (Ok(2), "hit"));
    })
    .await;
}

#[tokio::test]
async fn shutdown_waits_for_a_bounded_time_and_starts_no_more() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, revalidated(&world)).await.0.unwrap();
        clock.advance(15 * SECOND);
        world.reading.close();
        call(&cache, revalidated(&world)).await.0.unwrap();
        world.reading.holds_one().await;
        assert!(!cache.shutdown_within(Duration::from_millis(10)).await);
        world.reading.open();
        assert!(cache.shutdown().await);
        clock.advance(15 * SECOND);
        let (_, observed, _) = called(&cache, revalidated(&world)).await;
        assert_eq!((observed.stale, observed.refreshes, observed.refreshes_skipped), (1, 0, 1));
        assert_eq!(world.readers(), 2);
    })
    .await;
}

#[redis_cache(ttl = 10, key = "n:{n}", stale_while_revalidate = 20)]
async fn numbered(world: &World, n: u64) -> Result<u64, String> {
    world.try_read().await.map(|_| n)
}

#[tokio::test]
async fn refreshes_are_bounded() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        for n in 0..100 {
            call(&cache, numbered(&world, n)).await.0.unwrap();
        }
        clock.advance(15 * SECOND);
        world.reading.close();
        let all = cache.scope(async {
            for n in 0..100 {
                numbered(&world, n).await.unwrap();
            }
        });
        let ((), observed) = observe(all).await;
        assert_eq!((observed.stale, observed.refreshes, observed.refreshes_skipped), (100, 64, 36));
        world.reading.open();
        assert!(cache.shutdown().await);
        assert_eq!(world.readers(), 164);
    })
    .await;
}

#[tokio::test]
async fn the_companion_knows_the_windows() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        cache
            .scope(async {
                revalidated(&world).await.unwrap();
                on_error(&world).await.unwrap();
                let (r, e) = (revalidated_entry(), on_error_entry());
                assert_eq!(r.ttl().await.unwrap(), Some(10 * SECOND));
                clock.advance(15 * SECOND);
                assert_eq!(r.ttl().await.unwrap(), Some(Duration::ZERO));
                assert_eq!(r.get().await.unwrap(), Some(Ok(1)));
                assert_eq!(e.get().await.unwrap(), None);
                assert!(
                    !e.put_for(&Ok(8), Duration::ZERO).await.unwrap(),
                    "not even as a stale one"
                );
                assert!(e.put_for(&Ok(7), SECOND).await.unwrap());
                assert_eq!(e.ttl().await.unwrap(), Some(SECOND));
                world.fails(true);
                clock.advance(60 * SECOND);
                assert_eq!(on_error(&world).await, Ok(7));
            })
            .await;
    })
    .await;
}
