//! `soft_timeout` and `hard_timeout`: callers stop waiting, and bodies go on. With a server the
//! timeouts are real and short, without one the clock is moved (`start_paused`); the bodies wait
//! until the test lets them go on.

use crate::common::{cache_at, called, in_memory, limited};
use crate::source::{Processes, Source, idle, moved, name};
use cache_runtime::{Cache, Observed, TimedOut, observe, redis_cache, refresh};
use cache_tests::eventually;
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
async fn soft(source: &Source) -> Answer {
    Ok(source.read().await?)
}

#[redis_cache(ttl = 60, key = "h", hard_timeout = 2 * SHORT)]
async fn hard(source: &Source) -> Answer {
    Ok(source.read().await?)
}

#[redis_cache(
    ttl = 60,
    key = "b",
    stale_if_error = 60,
    soft_timeout = SHORT,
    hard_timeout = 2 * SHORT
)]
async fn both(source: &Source) -> Answer {
    Ok(source.read().await?)
}

/// What a call came to.
async fn call<F: Future<Output = Answer>>(cache: &Cache, call: F) -> (Answer, &'static str) {
    let (value, observed, _) = called(cache, call).await;
    (value, outcome(observed))
}

fn outcome(mut observed: Observed) -> &'static str {
    observed.refreshes = 0;
    name(observed)
}

impl Processes {
    /// Half a minute before its end, and so stale where there is a window.
    fn put(&self, key: &str) {
        self.set(key, "7", "30");
    }
}

#[tokio::test]
async fn after_the_soft_timeout_the_stale_value_is_served_and_the_new_one_stored() {
    limited(async {
        let all = Processes::start();
        let Processes { one, other, source, .. } = &all;
        all.put("t:s");
        source.stop();
        let begun = Instant::now();
        assert_eq!(call(one, soft(source)).await, (Ok(7), "stale"));
        assert!(begun.elapsed() >= SHORT);
        // Callers that come later wait for the same body, here and in another process.
        for cache in [one, one, other] {
            let begun = Instant::now();
            assert_eq!(call(cache, soft(source)).await, (Ok(7), "stale"));
            assert!(begun.elapsed() >= SHORT);
        }
        assert_eq!(source.runs(), 1);
        assert_eq!(one.stats().await.process.refreshing, 1);
        source.go_on();
        idle(one).await;
        idle(other).await;
        for cache in [one, other] {
            assert_eq!(call(cache, soft(source)).await, (Ok(1), "hit"));
        }
        assert_eq!(source.runs(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_a_stale_value_there_is_nothing_but_to_wait() {
    limited(async {
        let (one, source) = (&in_memory(), &Source::default());
        source.stop();
        let (leader, (waiter, ())) = tokio::join!(call(one, soft(source)), async {
            source.body_begins().await;
            tokio::join!(call(one, soft(source)), async {
                tokio::time::sleep(2 * SHORT).await; // which is over at once
                source.go_on();
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
        let Processes { one, other, source, .. } = &Processes::start();
        source.stop();
        let calls = [one, one, one, other, other].map(|cache| call(cache, hard(source)));
        for answer in join_all(calls).await {
            assert_eq!(answer, (Err(Failure::TimedOut), "miss"));
        }
        assert_eq!(source.runs(), 1);
        source.go_on();
        idle(one).await;
        idle(other).await;
        assert_eq!(call(other, hard(source)).await, (Ok(1), "hit"));
        assert_eq!(source.runs(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_quick_body_meets_no_timeout() {
    limited(async {
        let Processes { one, source, .. } = &Processes::start();
        assert_eq!(call(one, both(source)).await, (Ok(1), "miss"));
        assert_eq!(call(one, both(source)).await, (Ok(1), "hit"));
        source.fails(true);
        assert_eq!(call(one, hard(source)).await, (Err(Failure::Down), "miss"));
        assert_eq!(one.stats().await.process.total.refreshes, 0);
    })
    .await;
}

#[tokio::test]
async fn both_are_a_value_if_there_is_one_and_else_an_error() {
    limited(async {
        let all = Processes::start();
        let Processes { one, source, .. } = &all;
        source.stop();
        let begun = Instant::now();
        assert_eq!(call(one, both(source)).await, (Err(Failure::TimedOut), "miss"));
        assert!(begun.elapsed() >= 2 * SHORT);
        // A value that is there by now, and stale.
        all.put("t:b");
        assert_eq!(call(one, both(source)).await, (Ok(7), "stale"));
        source.go_on();
        idle(one).await;
        assert_eq!(call(one, both(source)).await, (Ok(1), "hit"));
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_while_the_body_goes_on_is_not_overtaken() {
    limited(async {
        let all = Processes::start();
        let Processes { one, other, source, .. } = &all;
        macro_rules! check {
            ($($function:ident $entry:ident $key:literal $there:literal)*) => {$(
                for how in 0..4 {
                    for invalidator in [one, other] {
                        let old = source.version();
                        if $there {
                            all.put(concat!("t:", $key));
                        }
                        source.stop();
                        let (_, outcome) = call(one, $function(source)).await;
                        assert_eq!(outcome, if $there { "stale" } else { "miss" });
                        source.changes();
                        match how {
                            0 => drop(invalidator.invalidate($key).await.unwrap()),
                            1 => drop(invalidator.invalidate_matching("?").await.unwrap()),
                            2 => drop(invalidator.clear().await.unwrap()),
                            _ => {
                                let put = async { $entry().put(&Ok(99)).await };
                                assert_eq!(invalidator.scope(put).await, Ok(true));
                            }
                        }
                        source.go_on();
                        idle(one).await;
                        let new = if how == 3 { (Ok(99), "hit") } else { (Ok(old + 1), "miss") };
                        assert_eq!(call(one, $function(source)).await, new, "{how}");
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
        let all = Processes::start();
        let Processes { one, other, source, .. } = &all;
        all.put("t:b");
        source.stop();
        assert_eq!(call(one, both(source)).await, (Ok(7), "stale"));
        other.invalidate("b").await.unwrap();
        // The flight goes on, but what its leader has read is none of theirs.
        let answers = join_all((0..5).map(|_| call(one, both(source)))).await;
        assert!(answers.iter().all(|it| *it == (Err(Failure::TimedOut), "miss")), "{answers:?}");
        source.go_on();
        idle(one).await;
    })
    .await;
}

#[tokio::test]
async fn a_body_that_fails_after_its_caller_left_extends_no_life() {
    limited(async {
        let all = Processes::start();
        let Processes { server, one, source, .. } = &all;
        all.put("t:s");
        source.stop();
        source.fails(true);
        assert_eq!(call(one, soft(source)).await, (Ok(7), "stale"));
        source.go_on();
        idle(one).await;
        // At rest nobody tries.
        assert_eq!(call(one, soft(source)).await, (Ok(7), "stale"));
        assert_eq!(source.runs(), 1);
        assert!(server.command::<i64>(&["PTTL", "t:s"]) <= 30_000);
        assert_eq!(server.command::<u64>(&["EXISTS", "t:~lease:{t:s}"]), 0);
    })
    .await;
}

#[redis_cache(ttl = 10, key = "e", stale_if_error = 60, soft_timeout = "20ms")]
async fn ends(source: &Source) -> Answer {
    Ok(source.read().await?)
}

#[tokio::test(start_paused = true)]
async fn a_stale_value_ends_at_its_time_however_slow_the_body() {
    limited(async {
        let (clock, cache, source) = moved();
        call(&cache, ends(&source)).await.0.unwrap();
        clock.advance(Duration::from_secs(69));
        source.stop();
        source.fails(true);
        assert_eq!(call(&cache, ends(&source)).await, (Ok(1), "stale"));
        // Its end comes while the next one waits.
        let (late, ()) = tokio::join!(call(&cache, ends(&source)), async {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(40)).await; // which is over at once
            source.go_on();
        });
        assert_eq!(late.0, Err(Failure::Down));
    })
    .await;
}

#[tokio::test]
async fn a_panic_after_its_caller_left_is_nobodys() {
    limited(async {
        let all = Processes::start();
        let Processes { server, one, source, .. } = &all;
        all.put("t:s");
        source.stop();
        source.panics();
        assert_eq!(call(one, soft(source)).await, (Ok(7), "stale"));
        source.go_on();
        idle(one).await;
        eventually(Duration::from_secs(5), || async {
            server.command::<u64>(&["EXISTS", "t:~lease:{t:s}"]) == 0
        })
        .await;
        assert_eq!(call(one, soft(source)).await, (Ok(7), "stale"), "the key rests");
        assert_eq!(source.runs(), 1);
    })
    .await;
}

#[redis_cache(ttl = 10, key = "n:{n}", hard_timeout = "20ms")]
async fn numbered(source: &Source, n: u64) -> Answer {
    source.read().await?;
    Ok(n)
}

#[tokio::test]
async fn bodies_that_go_on_are_bounded() {
    limited(async {
        let (_, cache, source) = moved();
        source.stop();
        let all = cache.scope(join_all((0..100).map(|n| numbered(&source, n))));
        let (answers, observed) = observe(all).await;
        assert!(answers.iter().all(|it| *it == Err(Failure::TimedOut)));
        assert_eq!(
            (observed.misses, observed.refreshes, observed.refreshes_skipped),
            (100, 64, 36)
        );
        assert!(!cache.shutdown_within(Duration::from_millis(10)).await);
        source.go_on();
        assert!(cache.shutdown().await);
        assert_eq!((source.runs(), cache.count_keys().await), (100, Ok(64)));

        // None after a shutdown.
        source.stop();
        let (answer, observed, _) = called(&cache, numbered(&source, 100)).await;
        assert_eq!((answer, observed.refreshes_skipped), (Err(Failure::TimedOut), 1));
        source.go_on();
        assert_eq!(call(&cache, numbered(&source, 100)).await, (Ok(100), "miss"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_dropped_and_its_key_is_cached_again() {
    let (cache, source) = (in_memory(), Source::default());
    source.stop();
    assert_eq!(call(&cache, hard(&source)).await, (Err(Failure::TimedOut), "miss"));
    assert_eq!(cache.stats().await.process.refreshing, 1);
    tokio::time::sleep(Duration::from_secs(61)).await; // which is over at once
    assert_eq!(cache.stats().await.process.refreshing, 0);
    source.go_on();
    assert_eq!(call(&cache, hard(&source)).await, (Ok(1), "miss"));
    assert_eq!(call(&cache, hard(&source)).await, (Ok(1), "hit"));
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn a_caller_that_is_cancelled_later_leaves_the_body_going_on() {
    limited(async {
        let Processes { one, source, .. } = &Processes::start();
        source.stop();
        let caller = tokio::spawn({
            let (cache, source) = (one.clone(), source.clone());
            async move {
                let answer = call(&cache, hard(&source)).await;
                assert_eq!(answer.0, Err(Failure::TimedOut));
                std::future::pending::<()>().await;
            }
        });
        eventually(Duration::from_secs(5), || async { one.stats().await.process.refreshing == 1 })
            .await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        source.go_on();
        assert!(one.shutdown().await);
        assert_eq!(call(one, hard(source)).await, (Ok(1), "hit"));
    })
    .await;
}

#[redis_cache(ttl = 60, key = "l", hard_timeout = 20)]
async fn long(source: &Source) -> Answer {
    Ok(source.read().await?)
}

#[tokio::test]
async fn a_caller_that_is_cancelled_before_takes_its_body_along() {
    limited(async {
        let Processes { one, source, .. } = &Processes::start();
        source.stop();
        let leader = tokio::spawn({
            let (cache, source) = (one.clone(), source.clone());
            async move { call(&cache, long(&source)).await }
        });
        source.body_begins().await;
        let (answer, ()) = tokio::join!(call(one, long(source)), async {
            tokio::task::yield_now().await;
            leader.abort();
            source.go_on();
        });
        assert_eq!((answer, source.runs()), ((Ok(1), "miss"), 2));
        assert_eq!(one.stats().await.process.total.refreshes, 0);
    })
    .await;
}

#[redis_cache(ttl = 60, key = "inner")]
async fn inner(source: &Source) -> Result<u64, String> {
    Ok(source.version())
}

#[redis_cache(ttl = 60, key = "outer", hard_timeout = 2 * SHORT)]
async fn outer(source: &Source) -> Answer {
    source.read().await?;
    Ok(inner(source).await?)
}

#[tokio::test]
async fn what_goes_on_keeps_its_cache_and_nobody_watches_it() {
    limited(async {
        let (_, cache, source) = moved();
        source.stop();
        let forced = refresh(cache.scope(outer(&source)));
        let (answer, observed) = observe(forced).await;
        assert_eq!((answer, observed.misses), (Err(Failure::TimedOut), 1));
        source.go_on();
        idle(&cache).await;
        assert_eq!(cache.count_keys().await, Ok(2));
        assert_eq!(call(&cache, outer(&source)).await, (Ok(1), "hit"));
        // Forced once more, over what is there.
        source.changes();
        source.stop();
        assert_eq!(
            refresh(cache.scope(outer(&source))).await,
            Err(Failure::TimedOut),
            "it takes the lease by force, though there is a value"
        );
        assert!(cache.scope(async { inner_entry().invalidate().await }).await.unwrap());
        source.go_on();
        idle(&cache).await;
        assert_eq!(call(&cache, outer(&source)).await, (Ok(2), "hit"));
    })
    .await;
}

#[tokio::test]
async fn without_a_store_the_timeouts_hold_and_callers_share_the_body() {
    limited(async {
        let cache = cache_at("redis://127.0.0.1:1");
        let source = Source::default();
        source.stop();
        let answers = join_all((0..5).map(|_| call(&cache, hard(&source)))).await;
        assert!(answers.iter().all(|it| it.0 == Err(Failure::TimedOut)));
        assert_eq!(source.runs(), 1);
        source.go_on();
        idle(&cache).await;
        assert_eq!(call(&cache, hard(&source)).await, (Ok(1), "miss"));

        // Nobody waits for a body that no cache knows of.
        source.stop();
        let off = cache_at("disabled://");
        assert_eq!(off.scope(hard(&source)).await, Err(Failure::TimedOut));
        source.go_on();
        assert_eq!(off.scope(hard(&source)).await, Ok(1));
    })
    .await;
}

#[tokio::test]
async fn a_store_that_hangs_costs_a_quick_body_nothing() {
    limited(async {
        let Processes { server, one, source, .. } = &Processes::start();
        call(one, hard(source)).await.0.unwrap();
        server.stop();
        let answer = called(one, hard(source)).await.0;
        server.cont();
        assert_eq!(answer, Ok(1));
        assert_eq!(source.runs(), 2);
    })
    .await;
}
