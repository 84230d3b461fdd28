//! `soft_timeout` and `hard_timeout`: callers stop waiting, and bodies go on. With a server the
//! timeouts are real and short, without one the clock is moved (`start_paused`); the bodies wait
//! until the test lets them go on.

use super::{idle, set_stale};
use cache_runtime::{Cache, Observed, TimedOut, observe, redis_cache, refresh};
use cache_tests::{
    DEADLINE, Scene, World, cache_at, called, eventually, given_back, in_memory, limited, moved,
    waited,
};
use futures_util::future::join_all;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, PartialEq)]
enum Failure {
    TimedOut,
    Down,
}

impl From<TimedOut> for Failure {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

impl From<String> for Failure {
    fn from(_: String) -> Self {
        Self::Down
    }
}

type Answer = Result<u64, Failure>;

/// Fresh with more than 60 s left, then served on errors.
#[redis_cache(ttl = 60, key = "s", stale_if_error = 60, soft_timeout = SHORT)]
async fn soft(world: &World) -> Answer {
    Ok(world.try_read().await?)
}

#[redis_cache(ttl = 60, key = "h", hard_timeout = 2 * SHORT)]
async fn hard(world: &World) -> Answer {
    Ok(world.try_read().await?)
}

#[redis_cache(
    ttl = 60,
    key = "b",
    stale_if_error = 60,
    soft_timeout = SHORT,
    hard_timeout = 2 * SHORT
)]
async fn both(world: &World) -> Answer {
    Ok(world.try_read().await?)
}

/// What a call came to.
async fn call<F: Future<Output = Answer>>(cache: &Cache, call: F) -> (Answer, &'static str) {
    let (value, observed, _) = called(cache, call).await;
    (value, outcome(observed))
}

fn outcome(mut observed: Observed) -> &'static str {
    observed.refreshes = 0;
    cache_tests::outcome(observed)
}

#[tokio::test]
async fn after_the_soft_timeout_the_stale_value_is_served_and_the_new_one_stored() {
    limited(async {
        let all = Scene::start();
        let Scene { one, other, world, .. } = &all;
        set_stale(&all, "t:s");
        world.reading.close();
        let begun = Instant::now();
        assert_eq!(call(one, soft(world)).await, (Ok(7), "stale"));
        assert!(begun.elapsed() >= SHORT);
        // Callers that come later wait for the same body, here and in another process.
        for cache in [one, one, other] {
            let begun = Instant::now();
            assert_eq!(call(cache, soft(world)).await, (Ok(7), "stale"));
            assert!(begun.elapsed() >= SHORT);
        }
        assert_eq!(world.readers(), 1);
        assert_eq!(one.stats().await.process.refreshing, 1);
        world.reading.open();
        idle(one).await;
        idle(other).await;
        for cache in [one, other] {
            assert_eq!(call(cache, soft(world)).await, (Ok(1), "hit"));
        }
        assert_eq!(world.readers(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_a_stale_value_there_is_nothing_but_to_wait() {
    limited(async {
        let (one, world) = (&in_memory(), &World::default());
        world.reading.close();
        let (leader, (waiter, ())) = tokio::join!(call(one, soft(world)), async {
            world.reading.holds_one().await;
            tokio::join!(call(one, soft(world)), async {
                tokio::time::sleep(2 * SHORT).await; // which is over at once
                world.reading.open();
            })
        });
        assert_eq!((leader, waiter), ((Ok(1), "miss"), (Ok(1), "coalesced")));
        assert_eq!(one.stats().await.process.total.refreshes, 0);
    })
    .await;
}

#[tokio::test]
async fn after_the_hard_timeout_everybody_has_an_error_and_the_value_is_stored() {
    limited(async {
        let Scene { one, other, world, .. } = &Scene::start();
        world.reading.close();
        let calls = [one, one, one, other, other].map(|cache| call(cache, hard(world)));
        for answer in join_all(calls).await {
            assert_eq!(answer, (Err(Failure::TimedOut), "miss"));
        }
        assert_eq!(world.readers(), 1);
        world.reading.open();
        idle(one).await;
        idle(other).await;
        assert_eq!(call(other, hard(world)).await, (Ok(1), "hit"));
        assert_eq!(world.readers(), 1);
    })
    .await;
}

#[redis_cache(ttl = 60, key = "u", stale_if_error = 60, soft_timeout = 20, hard_timeout = 40)]
async fn unhurried(world: &World) -> Answer {
    Ok(world.try_read().await?)
}

#[tokio::test]
async fn a_quick_body_meets_no_timeout() {
    limited(async {
        let Scene { one, world, .. } = &Scene::start();
        assert_eq!(call(one, unhurried(world)).await, (Ok(1), "miss"));
        assert_eq!(call(one, unhurried(world)).await, (Ok(1), "hit"));
        world.fails(true);
        assert_eq!(call(one, long(world)).await, (Err(Failure::Down), "miss"));
        assert_eq!(one.stats().await.process.total.refreshes, 0);
    })
    .await;
}

#[tokio::test]
async fn both_are_a_value_if_there_is_one_and_else_an_error() {
    limited(async {
        let all = Scene::start();
        let Scene { one, world, .. } = &all;
        world.reading.close();
        let begun = Instant::now();
        assert_eq!(call(one, both(world)).await, (Err(Failure::TimedOut), "miss"));
        assert!(begun.elapsed() >= 2 * SHORT);
        // A value that is there by now, and stale.
        set_stale(&all, "t:b");
        assert_eq!(call(one, both(world)).await, (Ok(7), "stale"));
        world.reading.open();
        idle(one).await;
        assert_eq!(call(one, both(world)).await, (Ok(1), "hit"));
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_while_the_body_goes_on_is_not_overtaken() {
    limited(async {
        let all = Scene::start();
        let Scene { one, other, world, .. } = &all;
        macro_rules! check {
            ($($function:ident $entry:ident $key:literal $there:literal)*) => {$(
                for how in 0..4 {
                    for invalidator in [one, other] {
                        let old = world.version();
                        if $there {
                            set_stale(&all, concat!("t:", $key));
                        }
                        world.reading.close();
                        let (_, outcome) = call(one, $function(world)).await;
                        assert_eq!(outcome, if $there { "stale" } else { "miss" });
                        world.changes();
                        match how {
                            0 => drop(invalidator.invalidate($key).await.unwrap()),
                            1 => drop(invalidator.invalidate_matching("?").await.unwrap()),
                            2 => drop(invalidator.clear().await.unwrap()),
                            _ => {
                                let put = async { $entry().put(&Ok(99)).await };
                                assert_eq!(invalidator.scope(put).await, Ok(true));
                            }
                        }
                        world.reading.open();
                        idle(one).await;
                        let new = if how == 3 { (Ok(99), "hit") } else { (Ok(old + 1), "miss") };
                        assert_eq!(call(one, $function(world)).await, new, "{how}");
                        one.clear().await.unwrap();
                    }
                }
            )*};
        }
        check!(soft soft_entry "s" true hard hard_entry "h" false);
    })
    .await;
}

#[tokio::test]
async fn who_calls_after_an_invalidation_never_gets_the_value_from_before_it() {
    limited(async {
        let all = Scene::start();
        let Scene { one, other, world, .. } = &all;
        set_stale(&all, "t:b");
        world.reading.close();
        assert_eq!(call(one, both(world)).await, (Ok(7), "stale"));
        other.invalidate("b").await.unwrap();
        // The flight goes on, but what its leader has read is none of theirs.
        let answers = join_all((0..5).map(|_| call(one, both(world)))).await;
        assert!(answers.iter().all(|it| *it == (Err(Failure::TimedOut), "miss")), "{answers:?}");
        world.reading.open();
        idle(one).await;
    })
    .await;
}

#[tokio::test]
async fn a_body_that_fails_after_its_caller_left_extends_no_life() {
    limited(async {
        let all = Scene::start();
        let Scene { server, one, world, .. } = &all;
        set_stale(&all, "t:s");
        world.reading.close();
        world.fails(true);
        assert_eq!(call(one, soft(world)).await, (Ok(7), "stale"));
        world.reading.open();
        idle(one).await;
        // At rest nobody tries.
        assert_eq!(call(one, soft(world)).await, (Ok(7), "stale"));
        assert_eq!(world.readers(), 1);
        assert!(server.command::<i64>(&["PTTL", "t:s"]) <= 30_000);
        given_back(server, "t:s").await;
    })
    .await;
}

#[redis_cache(ttl = 10, key = "e", stale_if_error = 60, soft_timeout = "20ms")]
async fn ends(world: &World) -> Answer {
    Ok(world.try_read().await?)
}

#[tokio::test(start_paused = true)]
async fn a_stale_value_ends_at_its_time_however_slow_the_body() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, ends(&world)).await.0.unwrap();
        clock.advance(Duration::from_secs(69));
        world.reading.close();
        world.fails(true);
        assert_eq!(call(&cache, ends(&world)).await, (Ok(1), "stale"));
        // Its end comes while the next one waits.
        let (late, ()) = tokio::join!(call(&cache, ends(&world)), async {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(40)).await; // which is over at once
            world.reading.open();
        });
        assert_eq!(late.0, Err(Failure::Down));
    })
    .await;
}

#[tokio::test]
async fn a_panic_after_its_caller_left_is_nobodys() {
    limited(async {
        let all = Scene::start();
        let Scene { server, one, world, .. } = &all;
        set_stale(&all, "t:s");
        world.reading.close();
        world.panics();
        assert_eq!(call(one, soft(world)).await, (Ok(7), "stale"));
        world.reading.open();
        idle(one).await;
        given_back(server, "t:s").await;
        assert_eq!(call(one, soft(world)).await, (Ok(7), "stale"), "the key rests");
        assert_eq!(world.readers(), 1);
    })
    .await;
}

#[redis_cache(ttl = 10, key = "n:{n}", hard_timeout = "20ms")]
async fn numbered(world: &World, n: u64) -> Answer {
    world.try_read().await?;
    Ok(n)
}

#[tokio::test]
async fn bodies_that_go_on_are_bounded() {
    limited(async {
        let ((_, cache), world) = (moved(), World::default());
        world.reading.close();
        let all = cache.scope(join_all((0..100).map(|n| numbered(&world, n))));
        let (answers, observed) = observe(all).await;
        assert!(answers.iter().all(|it| *it == Err(Failure::TimedOut)));
        assert_eq!(
            (observed.misses, observed.refreshes, observed.refreshes_skipped),
            (100, 64, 36)
        );
        assert!(!cache.shutdown_within(Duration::from_millis(10)).await);
        world.reading.open();
        assert!(cache.shutdown().await);
        assert_eq!((world.readers(), cache.count_keys().await), (100, Ok(64)));

        // None after a shutdown.
        world.reading.close();
        let (answer, observed, _) = called(&cache, numbered(&world, 100)).await;
        assert_eq!((answer, observed.refreshes_skipped), (Err(Failure::TimedOut), 1));
        world.reading.open();
        assert_eq!(call(&cache, numbered(&world, 100)).await, (Ok(100), "miss"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_dropped_and_its_key_is_cached_again() {
    let (cache, world) = (in_memory(), World::default());
    world.reading.close();
    assert_eq!(call(&cache, hard(&world)).await, (Err(Failure::TimedOut), "miss"));
    assert_eq!(cache.stats().await.process.refreshing, 1);
    tokio::time::sleep(Duration::from_secs(61)).await; // which is over at once
    assert_eq!(cache.stats().await.process.refreshing, 0);
    world.reading.open();
    assert_eq!(call(&cache, hard(&world)).await, (Ok(1), "miss"));
    assert_eq!(call(&cache, hard(&world)).await, (Ok(1), "hit"));
    assert_eq!(world.readers(), 2);
}

#[tokio::test]
async fn a_caller_that_is_cancelled_later_leaves_the_body_going_on() {
    limited(async {
        let Scene { one, world, .. } = &Scene::start();
        world.reading.close();
        let caller = tokio::spawn({
            let (cache, world) = (one.clone(), world.clone());
            async move {
                let answer = call(&cache, hard(&world)).await;
                assert_eq!(answer.0, Err(Failure::TimedOut));
                std::future::pending::<()>().await;
            }
        });
        eventually(DEADLINE, || async { one.stats().await.process.refreshing == 1 }).await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        world.reading.open();
        assert!(one.shutdown().await);
        assert_eq!(call(one, hard(world)).await, (Ok(1), "hit"));
    })
    .await;
}

#[redis_cache(ttl = 60, key = "l", hard_timeout = 20)]
async fn long(world: &World) -> Answer {
    Ok(world.try_read().await?)
}

#[tokio::test]
async fn a_caller_that_is_cancelled_before_takes_its_body_along() {
    limited(async {
        let Scene { one, world, .. } = &Scene::start();
        world.reading.close();
        let leader = tokio::spawn({
            let (cache, world) = (one.clone(), world.clone());
            async move { call(&cache, long(&world)).await }
        });
        world.reading.holds_one().await;
        let (answer, ()) = tokio::join!(call(one, long(world)), async {
            tokio::task::yield_now().await;
            leader.abort();
            world.reading.open();
        });
        assert_eq!((answer, world.readers()), ((Ok(1), "miss"), 2));
        assert_eq!(one.stats().await.process.total.refreshes, 0);
    })
    .await;
}

#[redis_cache(ttl = 60, key = "inner")]
async fn inner(world: &World) -> Result<u64, String> {
    Ok(world.version())
}

#[redis_cache(ttl = 60, key = "outer", hard_timeout = 2 * SHORT)]
async fn outer(world: &World) -> Answer {
    world.try_read().await?;
    Ok(inner(world).await?)
}

#[tokio::test]
async fn what_goes_on_keeps_its_cache_and_nobody_watches_it() {
    limited(async {
        let ((_, cache), world) = (moved(), World::default());
        world.reading.close();
        let forced = refresh(cache.scope(outer(&world)));
        let (answer, observed) = observe(forced).await;
        assert_eq!((answer, observed.misses), (Err(Failure::TimedOut), 1));
        world.reading.open();
        idle(&cache).await;
        assert_eq!(cache.count_keys().await, Ok(2));
        assert_eq!(call(&cache, outer(&world)).await, (Ok(1), "hit"));
        // Forced once more, over what is there.
        world.changes();
        world.reading.close();
        assert_eq!(
            refresh(cache.scope(outer(&world))).await,
            Err(Failure::TimedOut),
            "it takes the lease by force, though there is a value"
        );
        assert!(cache.scope(async { inner_entry().invalidate().await }).await.unwrap());
        world.reading.open();
        idle(&cache).await;
        assert_eq!(call(&cache, outer(&world)).await, (Ok(2), "hit"));
    })
    .await;
}

#[tokio::test]
async fn without_a_store_the_timeouts_hold_and_callers_share_the_body() {
    limited(async {
        let cache = cache_at("redis://127.0.0.1:1");
        let world = World::default();
        world.reading.close();
        let answers = join_all((0..5).map(|_| call(&cache, hard(&world)))).await;
        assert!(answers.iter().all(|it| it.0 == Err(Failure::TimedOut)));
        assert_eq!(world.readers(), 1);
        world.reading.open();
        idle(&cache).await;
        assert_eq!(call(&cache, hard(&world)).await, (Ok(1), "miss"));

        // Nobody waits for a body that no cache knows of.
        world.reading.close();
        let off = cache_at("disabled://");
        assert_eq!(off.scope(hard(&world)).await, Err(Failure::TimedOut));
        world.reading.open();
        assert_eq!(off.scope(hard(&world)).await, Ok(1));
    })
    .await;
}

#[tokio::test]
async fn a_store_that_hangs_costs_a_quick_body_nothing() {
    limited(async {
        let Scene { server, one, world, .. } = &Scene::start();
        call(one, hard(world)).await.0.unwrap();
        server.stop();
        let ((answer, ..), _) = waited(called(one, hard(world))).await;
        server.cont();
        assert_eq!(answer, Ok(1));
        assert_eq!(world.readers(), 2);
    })
    .await;
}
