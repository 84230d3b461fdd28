//! Stale values in one Redis that two processes share. They are put there with the life that makes
//! them stale, so that nobody has to wait for it.

use crate::common::limited;
use crate::source::{Processes, Source, call, idle};
use cache_runtime::{Cache, redis_cache};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(100);

/// Fresh with more than 60 s left.
#[redis_cache(ttl = 60, key = "r", stale_while_revalidate = 60)]
async fn revalidated(source: &Source) -> Result<u64, String> {
    source.read().await
}

/// Fresh with more than 60 s left.
#[redis_cache(ttl = 60, key = "e", stale_if_error = 60)]
async fn on_error(source: &Source) -> Result<u64, String> {
    source.read().await
}

#[tokio::test]
async fn the_life_that_is_left_tells_fresh_from_stale() {
    limited(async {
        let Processes { server, one, source, .. } = &Processes::start();
        server.command::<()>(&["SET", "t:r", "7", "EX", "61"]);
        assert_eq!(call(one, revalidated(source)).await, (Ok(7), "hit"));
        server.command::<()>(&["SET", "t:r", "7", "EX", "60"]);
        assert_eq!(call(one, revalidated(source)).await, (Ok(7), "stale"));
        idle(one).await;
        let left = server.command::<i64>(&["PTTL", "t:r"]);
        assert!((119_000..=120_000).contains(&left), "{left}");
        // Without an end nobody knows how old it is.
        server.command::<()>(&["SET", "t:r", "7"]);
        assert_eq!(call(one, revalidated(source)).await, (Ok(1), "miss"));
        assert!(server.command::<i64>(&["PTTL", "t:r"]) > 119_000);
    })
    .await;
}

#[tokio::test]
async fn one_refresh_for_the_callers_of_two_processes() {
    limited(async {
        let all = Processes::start();
        all.set("t:r", "7", "30");
        all.source.stop();
        for _ in 0..20 {
            for cache in [&all.one, &all.other] {
                assert_eq!(call(cache, revalidated(&all.source)).await, (Ok(7), "stale"));
            }
        }
        all.source.body_begins().await;
        // The process that is not refreshing asks for the lease, and is not given it.
        tokio::time::timeout(Duration::from_secs(5), async {
            while all.one.stats().await.process.refreshing
                + all.other.stats().await.process.refreshing
                > 1
            {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        all.source.go_on();
        idle(&all.one).await;
        idle(&all.other).await;
        assert_eq!(all.source.runs(), 1);
        for cache in [&all.one, &all.other] {
            assert_eq!(call(cache, revalidated(&all.source)).await, (Ok(1), "hit"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_refresh_that_comes_late_looks_again() {
    limited(async {
        let all = Processes::start();
        for (key, first) in [("t:r", &all.one), ("t:r", &all.other)] {
            all.set(key, "7", "30");
            let before = all.source.runs();
            // Both have read the stale value before either asks for the lease.
            let (one, other) = tokio::join!(
                call(first, revalidated(&all.source)),
                call(&all.other, revalidated(&all.source))
            );
            assert!([one.0, other.0].contains(&Ok(7)));
            idle(&all.one).await;
            idle(&all.other).await;
            assert_eq!(all.source.runs(), before + 1);
        }
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_elsewhere_in_mid_refresh_is_not_overtaken() {
    limited(async {
        let all = Processes::start();
        macro_rules! check {
            ($($function:ident $entry:ident $key:literal)*) => {$(
                for how in 0..4 {
                    let old = all.source.version();
                    all.set(concat!("t:", $key), "7", "30");
                    all.source.stop();
                    let caller = tokio::spawn({
                        let (cache, source) = (all.one.clone(), all.source.clone());
                        async move { call(&cache, $function(&source)).await.0 }
                    });
                    all.source.body_begins().await;
                    all.source.changes();
                    match how {
                        0 => drop(all.other.invalidate($key).await.unwrap()),
                        1 => drop(all.other.invalidate_matching("?").await.unwrap()),
                        2 => drop(all.other.clear().await.unwrap()),
                        _ => {
                            let put = async { $entry().put(&Ok(99)).await };
                            assert_eq!(all.other.scope(put).await, Ok(true));
                        }
                    }
                    all.source.go_on();
                    let answer = caller.await.unwrap().unwrap();
                    assert!(answer == 7 || answer == old);
                    idle(&all.one).await;
                    let expected = if how == 3 { 99 } else { old + 1 };
                    assert_eq!(call(&all.one, $function(&all.source)).await.0, Ok(expected));
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
        let all = Processes::start();
        all.set("t:e", "7", "30");
        all.source.stop();
        all.source.fails(true);
        let (leader, waiter) = tokio::join!(call(&all.one, on_error(&all.source)), async {
            all.source.body_begins().await;
            all.other.invalidate("e").await.unwrap();
            // Begins after it, and joins the flight of a caller that has read the value.
            tokio::join!(call(&all.one, on_error(&all.source)), async {
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                all.source.go_on();
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
        let all = Processes::start();
        let Processes { server, one, source, .. } = &all;
        let hasty = Cache::builder().url(server.url()).prefix("t").wait(SHORT).build().unwrap();
        all.set("t:e", "7", "30");
        source.stop();
        let (computed, ()) = tokio::join!(call(one, on_error(source)), async {
            source.body_begins().await;
            assert_eq!(call(&hasty, on_error(source)).await, (Ok(7), "stale"));
            source.go_on();
        });
        assert_eq!((computed, source.runs()), ((Ok(1), "miss"), 1));
    })
    .await;
}
