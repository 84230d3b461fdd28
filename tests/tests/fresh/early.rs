//! `early_refresh`: a fresh value is refreshed behind a hit, when chance and its load say so.

use super::{call, idle};
use cache_runtime::{Clock, MessagePack, Postcard, redis_cache};
use cache_tests::{RedisServer, Scene, World, builder_at, called, limited, moved};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// `-ln` of it is 69, of the next nothing, and of what a manual clock starts with 0.69.
const SURELY: f64 = 1e-30;
const NEVER: f64 = 1.0;

/// Takes a second: less than a lease lasts in memory, where the clock is the same.
#[redis_cache(ttl = 60, key = "x", early_refresh)]
async fn early(world: &World, clock: &Clock) -> Result<u64, String> {
    let value = world.try_read().await;
    clock.advance(SECOND);
    value
}

#[redis_cache(ttl = 60, key = "x")]
async fn usual(world: &World) -> Result<u64, String> {
    world.try_read().await
}

/// As eager again, and with windows.
#[redis_cache(
    ttl = 60,
    key = "w",
    early_refresh = 2.0,
    stale_while_revalidate = 30,
    stale_if_error = 30
)]
async fn windows(world: &World, clock: &Clock) -> Result<u64, String> {
    let value = world.try_read().await;
    clock.advance(SECOND);
    value
}

#[tokio::test]
async fn a_hit_refreshes_behind_when_chance_outweighs_what_is_left() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        assert_eq!(call(&cache, early(&world, &clock)).await, (Ok(1), "miss"));
        world.changes();
        clock.advance(Duration::from_millis(59_300));
        assert_eq!(call(&cache, early(&world, &clock)).await, (Ok(1), "hit"));
        idle(&cache).await;
        assert_eq!(world.readers(), 1, "0.7 s are left, and 0.69 * 1 s is less");
        clock.advance(Duration::from_millis(50));
        world.reading.close();
        for _ in 0..10 {
            assert_eq!(call(&cache, early(&world, &clock)).await, (Ok(1), "hit"));
        }
        world.reading.holds_one().await;
        world.reading.open();
        idle(&cache).await;
        assert_eq!(call(&cache, early(&world, &clock)).await, (Ok(2), "hit"));
        assert_eq!((world.readers(), cache.stats().await.process.total.refreshes), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn the_windows_are_not_counted_and_beta_is() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, windows(&world, &clock)).await.0.unwrap();
        clock.advance(Duration::from_millis(58_600));
        assert_eq!(call(&cache, windows(&world, &clock)).await, (Ok(1), "hit"));
        idle(&cache).await;
        assert_eq!(world.readers(), 1, "1.4 s are left");
        clock.advance(Duration::from_millis(100));
        assert_eq!(call(&cache, windows(&world, &clock)).await, (Ok(1), "hit"));
        idle(&cache).await;
        assert_eq!(world.readers(), 2, "1.3 s are left, and 2.0 * 0.69 * 1 s is more");
        // And past its time it is stale as ever.
        clock.advance(70 * SECOND);
        clock.set_random(NEVER);
        assert_eq!(call(&cache, windows(&world, &clock)).await, (Ok(1), "stale"));
        idle(&cache).await;
        assert_eq!(world.readers(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_failure_rests_the_key_and_leaves_the_value_its_life() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        call(&cache, early(&world, &clock)).await.0.unwrap();
        clock.set_random(SURELY);
        world.fails(true);
        let entry = cache.scope(async { early_entry() }).await;
        for _ in 0..10 {
            assert_eq!(call(&cache, early(&world, &clock)).await, (Ok(1), "hit"));
            idle(&cache).await;
        }
        // Only the one that failed has moved the clock.
        assert_eq!((world.readers(), entry.ttl().await), (2, Ok(Some(59 * SECOND))));
        clock.advance(5 * SECOND);
        world.fails(false);
        world.changes();
        assert_eq!(call(&cache, early(&world, &clock)).await, (Ok(1), "hit"));
        idle(&cache).await;
        assert_eq!(call(&cache, early(&world, &clock)).await, (Ok(2), "hit"));
    })
    .await;
}

#[tokio::test]
async fn what_was_put_is_never_refreshed_early() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        assert_eq!(cache.scope(async { early_entry().put(&Ok(9)).await }).await, Ok(true));
        clock.set_random(0.0);
        clock.advance(60 * SECOND - Duration::from_nanos(1));
        assert_eq!(call(&cache, early(&world, &clock)).await, (Ok(9), "hit"));
        idle(&cache).await;
        assert_eq!(world.readers(), 0);
        assert_eq!(cache.scope(async { early_entry().get().await }).await, Ok(Some(Ok(9))));
    })
    .await;
}

/// Two processes with one clock.
fn processes() -> (Clock, Scene) {
    let clock = Clock::manual();
    let scene = Scene::with(|builder| builder.clock(clock.clone()));
    (clock, scene)
}

#[tokio::test]
async fn one_early_refresh_for_the_callers_of_two_processes() {
    limited(async {
        let (clock, scene) = &processes();
        let Scene { server, one, other, world } = scene;
        assert_eq!(call(one, early(world, clock)).await, (Ok(1), "miss"));
        // Chance says no.
        for cache in [one, other] {
            assert_eq!(call(cache, early(world, clock)).await, (Ok(1), "hit"));
            idle(cache).await;
        }
        assert_eq!(world.readers(), 1);
        // Chance says yes, to all of them, and again while it is refreshed.
        for round in 1..10 {
            server.command::<()>(&["PEXPIRE", "t:x", "50000"]);
            clock.set_random(SURELY);
            world.changes();
            let calls = (0..20).map(|n| {
                let cache = if n % 2 == 0 { one } else { other };
                call(cache, early(world, clock))
            });
            for (value, outcome) in futures_util::future::join_all(calls).await {
                assert_eq!((value, outcome), (Ok(round), "hit"));
            }
            clock.set_random(NEVER);
            idle(one).await;
            idle(other).await;
            assert_eq!(world.readers(), 1 + round);
            for cache in [one, other] {
                assert_eq!(call(cache, early(world, clock)).await, (Ok(round + 1), "hit"));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_in_mid_refresh_is_not_overtaken() {
    limited(async {
        let (clock, scene) = &processes();
        let Scene { one, other, world, .. } = scene;
        for how in 0..4 {
            call(one, early(world, clock)).await.0.unwrap();
            let old = world.version();
            clock.set_random(SURELY);
            world.reading.close();
            assert_eq!(call(one, early(world, clock)).await, (Ok(old), "hit"));
            world.reading.holds_one().await;
            world.changes();
            match how {
                0 => drop(other.invalidate("x").await.unwrap()),
                1 => drop(other.invalidate_matching("?").await.unwrap()),
                2 => drop(other.clear().await.unwrap()),
                _ => {
                    let put = async { early_entry().put(&Ok(99)).await };
                    assert_eq!(other.scope(put).await, Ok(true));
                }
            }
            world.reading.open();
            idle(one).await;
            clock.set_random(NEVER);
            let expected = if how == 3 { (Ok(99), "hit") } else { (Ok(old + 1), "miss") };
            assert_eq!(call(one, early(world, clock)).await, expected, "{how}");
            one.clear().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn the_option_can_be_turned_on_and_off() {
    limited(async {
        let (clock, scene) = &processes();
        let Scene { server, one, world, .. } = scene;
        let stored = || server.command::<Vec<u8>>(&["GET", "t:x"]);
        assert_eq!(call(one, usual(world)).await, (Ok(1), "miss"));
        assert_eq!(stored(), b"1", "plain JSON");
        clock.set_random(SURELY);
        assert_eq!(call(one, early(world, clock)).await, (Ok(1), "hit"));
        idle(one).await;
        assert_eq!(world.readers(), 1, "nobody knows how long it took");
        one.clear().await.unwrap();
        assert_eq!(call(one, early(world, clock)).await, (Ok(1), "miss"));
        assert_eq!(stored(), b"\xFFrch\x01\x08\x00\x00\x00\x00\x3B\x9A\xCA\x001");
        assert_eq!(call(one, usual(world)).await, (Ok(1), "hit"));
    })
    .await;
}

#[tokio::test]
async fn a_value_without_an_end_is_replaced() {
    limited(async {
        let (clock, scene) = &processes();
        let Scene { server, one, world, .. } = scene;
        server.command::<()>(&["SET", "t:x", "7"]);
        assert_eq!(call(one, early(world, clock)).await, (Ok(1), "miss"));
        assert!(server.command::<i64>(&["TTL", "t:x"]) > 0);
    })
    .await;
}

#[tokio::test]
async fn a_header_that_cannot_be_read_is_a_miss() {
    limited(async {
        let (clock, scene) = &processes();
        let Scene { server, one, world, .. } = scene;
        for broken in [
            "redis.call('SETRANGE', KEYS[1], 4, '\\2')",
            "redis.call('SETRANGE', KEYS[1], 5, '\\7')",
            "redis.call('SETRANGE', KEYS[1], 5, '\\255')",
            "redis.call('SET', KEYS[1], string.sub(redis.call('GET', KEYS[1]), 1, 9), 'EX', 60)",
            "redis.call('SET', KEYS[1], string.sub(redis.call('GET', KEYS[1]), 1, 4), 'EX', 60)",
            "redis.call('SET', KEYS[1], string.sub(redis.call('GET', KEYS[1]), 1, 14), 'EX', 60)",
        ] {
            for with_option in [true, false] {
                call(one, early(world, clock)).await.0.unwrap();
                server.command::<()>(&["EVAL", broken, "1", "t:x"]);
                world.changes();
                let new = Ok(world.version());
                let again = match with_option {
                    true => call(one, early(world, clock)).await,
                    false => call(one, usual(world)).await,
                };
                assert_eq!(again, (new.clone(), "miss"), "{broken}");
                assert_eq!(call(one, early(world, clock)).await, (new, "hit"));
                one.clear().await.unwrap();
            }
        }
    })
    .await;
}

/// What the header begins with, as a value of its own.
const ODD: [u8; 8] = *b"\xFFrch\x01\x08\x00\x00";

macro_rules! by_codec {
    ($($name:ident $plain:ident $key:literal $codec:ty),*) => {$(
        #[redis_cache(ttl = 60, key = $key, codec = $codec, version = 1, early_refresh = 1)]
        async fn $name(value: [u8; 8]) -> Result<[u8; 8], String> {
            Ok(value)
        }

        #[redis_cache(ttl = 60, key = $key, codec = $codec, version = 1)]
        async fn $plain(value: [u8; 8]) -> Result<[u8; 8], String> {
            Ok(value)
        }
    )*};
}

by_codec!(
    by_json plain_by_json "j" cache_runtime::Json,
    by_msgpack plain_by_msgpack "m" MessagePack,
    by_postcard plain_by_postcard "p" Postcard
);

#[tokio::test]
async fn values_of_all_codecs_come_back_with_and_without_the_option() {
    limited(async {
        let server = RedisServer::start();
        let cache = builder_at(&server.url()).clock(Clock::manual()).build().unwrap();
        macro_rules! check {
            ($($name:ident $plain:ident),*) => {$(
                for value in [ODD, [7; 8]] {
                    let (first, missed, _) = called(&cache, $name(value)).await;
                    let (second, hit, _) = called(&cache, $name([0; 8])).await;
                    let (third, other_hit, _) = called(&cache, $plain([0; 8])).await;
                    assert_eq!((&first, &second, &third), (&Ok(value), &Ok(value), &Ok(value)));
                    assert_eq!((missed.misses, hit.hits, other_hit.hits), (1, 1, 1));
                    cache.clear().await.unwrap();

                    let (_, missed, _) = called(&cache, $plain(value)).await;
                    let (second, hit, _) = called(&cache, $plain([0; 8])).await;
                    let (third, other_hit, _) = called(&cache, $name([0; 8])).await;
                    assert_eq!((&second, &third), (&Ok(value), &Ok(value)));
                    assert_eq!((missed.misses, hit.hits, other_hit.hits), (1, 1, 1));
                    assert_eq!((hit.errors, other_hit.errors), (0, 0));
                    cache.clear().await.unwrap();
                }
            )*};
        }
        check!(by_json plain_by_json, by_msgpack plain_by_msgpack, by_postcard plain_by_postcard);

        // Only what would be taken for a header gets one.
        called(&cache, plain_by_postcard([7; 8])).await.0.unwrap();
        let key = server.command::<Vec<String>>(&["KEYS", "t:p*"]);
        let raw = || server.command::<Vec<u8>>(&["GET", &key[0]]);
        assert_eq!(raw(), [7; 8]);
        cache.clear().await.unwrap();
        called(&cache, plain_by_postcard(ODD)).await.0.unwrap();
        assert_eq!(raw(), [b"\xFFrch\x01\x00", &ODD[..]].concat());
    })
    .await;
}
