//! How long, whether, and under which key values are stored.

use cache_runtime::{Cache, Clock, MessagePack, Postcard, redis_cache};
use cache_tests::{RedisServer, all_given_back, builder_at, cache_at, keys, lives_for, moved};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);
const LIFE: Duration = Duration::from_secs(77);

#[allow(clippy::ptr_arg)] // the option takes `fn(&T)`, and `T` is a `String`
fn by_length(text: &String) -> Duration {
    SECOND * 100 * u32::try_from(text.len()).unwrap()
}

macro_rules! functions {
    ($($name:ident: $output:ty [$($option:tt)*] = $value:expr;)+) => {$(
        #[redis_cache($($option)*)]
        async fn $name() -> $output {
            $value
        }
    )+};
}

functions! {
    in_seconds: u64 [ttl = 300, key = "in_seconds"] = 1;
    longest: u64 [ttl = Duration::MAX, jitter = 0.5, key = "longest"] = 1;
    in_words: u64 [ttl = "2m 30s", key = "in_words"] = 1;
    by_constant: u64 [ttl = LIFE, key = "by_constant"] = 1;
    by_default: u64 [key = "by_default"] = 1;
    by_setting: u64 [ttl_setting = "dashboard", key = "by_setting"] = 1;
    by_unset_setting: u64 [ttl_setting = "unset", key = "by_unset_setting"] = 1;
    by_value: Result<Option<String>, ()> [ttl_with = by_length, key = "by_value"] = Ok(Some("xx".into()));
    by_empty_value: String [ttl_with = by_length, key = "by_empty_value"] = String::new();
    none: Option<u64> [ttl = 60, none_ttl = 20, key = "none"] = None;
    some: Option<u64> [ttl = 60, none_ttl = 20, key = "some"] = Some(1);
    none_not: Option<u64> [ttl = 60, key = "none_not"] = None;
    ok_none_not: Result<Option<u64>, ()> [ttl = 60, key = "ok_none_not"] = Ok(None);
    failed: Result<u64, ()> [ttl = 60, key = "failed"] = Err(());
    liked: u64 [ttl = 60, cache_if = |n: &u64| *n > 0, key = "liked"] = 1;
    disliked: u64 [ttl = 60, cache_if = |n: &u64| *n > 1, key = "disliked"] = 1;
    small: String [ttl = 60, max_size = "1kb", key = "small"] = "x".repeat(1022);
    large: String [ttl = 60, max_size = "1kb", key = "large"] = "x".repeat(1023);
    headed: String [ttl = 60, max_size = "1kb", early_refresh, key = "headed"] = "x".repeat(1022);
    jittered: u64 [ttl = 100, jitter = 0.5, key = "jittered"] = 1;
    versioned: u64 [ttl = 60, version = 2, key = "versioned"] = 1;
    packed: u64 [ttl = 60, codec = MessagePack, key = "packed"] = 1;
    posted: u64 [ttl = 60, codec = Postcard, version = 3, key = "posted"] = 1;
    for_ever: u64 [ttl = Duration::MAX, key = "for_ever"] = 1;
    not_at_all: u64 [ttl = Duration::ZERO, key = "not_at_all"] = 1;
}

#[redis_cache(ttl = Duration::from_secs(seconds), key = "by_argument")]
async fn by_argument(seconds: u64) -> u64 {
    seconds
}

struct Block;

/// What a default of all methods says of `None` and of errors is nothing to one that returns none, or none
/// that can be stored.
#[redis_cache(ttl = 60, none_ttl = 20, err_ttl = 10)]
impl Block {
    #[redis_cache(key = "plain_in_block")]
    async fn plain() -> u64 {
        1
    }

    #[redis_cache(key = "none_in_block")]
    async fn none() -> Result<Option<u64>, ()> {
        Ok(None)
    }

    #[redis_cache(key = "failed_in_block")]
    async fn failed() -> Result<u64, String> {
        Err("no".to_owned())
    }

    #[redis_cache(key = "not_stored_in_block")]
    async fn not_stored() -> Result<u64, std::fmt::Error> {
        Err(std::fmt::Error)
    }
}

fn cache(server: &RedisServer, clock: Clock) -> Cache {
    builder_at(&server.url())
        .default_ttl(SECOND * 40)
        .ttl_setting("dashboard", SECOND * 50)
        .clock(clock)
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_long_as_was_said() {
    let server = RedisServer::start();
    let (cache, begun) = (cache(&server, Clock::system()), Instant::now());
    cache
        .scope(async {
            in_seconds().await;
            in_words().await;
            by_constant().await;
            by_argument(33).await;
            by_default().await;
            by_setting().await;
            by_unset_setting().await;
            by_value().await.unwrap();
            none().await;
            some().await;
            Block::plain().await;
            Block::none().await.unwrap();
            Block::failed().await.unwrap_err();
            Block::not_stored().await.unwrap_err();
            for_ever().await;
        })
        .await;
    for (name, seconds) in [
        ("in_seconds", 300),
        ("in_words", 150),
        ("by_constant", 77),
        ("by_argument", 33),
        ("by_default", 40),
        ("by_setting", 50),
        ("by_unset_setting", 40),
        ("by_value", 200),
        ("none", 20),
        ("some", 60),
        ("plain_in_block", 60),
        ("none_in_block", 20),
        ("failed_in_block", 10),
    ] {
        let key = format!("t:{name}");
        assert!(lives_for(&server, &key, SECOND * seconds, begun), "{name} for {seconds} s");
    }
    assert!(!server.command::<bool>(&["EXISTS", "t:not_stored_in_block"]));
    let ever: i64 = server.command(&["PTTL", "t:for_ever"]);
    assert!(ever > 300 * 24 * 3600 * 1000, "{ever}");
    assert_eq!(server.command::<String>(&["GET", "t:none"]), "null");
    assert_eq!(server.command::<String>(&["GET", "t:by_value"]), "\"xx\"");
}

#[tokio::test]
async fn no_share_is_taken_off_the_longest_life() {
    let (clock, cache) = moved();
    clock.set_random(0.0);
    assert_eq!(cache.scope(longest()).await, 1);
    assert_eq!(cache.count_keys().await, Ok(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_may_be_stored() {
    let server = RedisServer::start();
    cache_at(&server.url())
        .scope(async {
            by_empty_value().await;
            none_not().await;
            ok_none_not().await.unwrap();
            failed().await.unwrap_err();
            disliked().await;
            large().await;
            not_at_all().await;
            all_given_back(&server).await;
            assert_eq!(keys(&server), [""; 0]);
            liked().await;
            small().await;
            headed().await; // its header is not counted
            assert_eq!(keys(&server), ["t:headed", "t:liked", "t:small"]);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_the_key_of_its_version_and_format() {
    let server = RedisServer::start();
    cache_at(&server.url())
        .scope(async {
            versioned().await;
            packed().await;
            posted().await;
        })
        .await;
    assert_eq!(keys(&server), ["t:packed~msgpack", "t:posted~3.postcard", "t:versioned~2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shortened_by_chance() {
    let server = RedisServer::start();
    let clock = Clock::manual();
    let cache = cache(&server, clock.clone());
    for chance in [0.0, 0.5, 0.999] {
        clock.set_random(chance);
        let begun = Instant::now();
        cache_runtime::refresh(cache.scope(jittered())).await;
        let life = SECOND * 100 - SECOND.mul_f64(50.0 * chance);
        assert!(lives_for(&server, "t:jittered", life, begun), "by {chance}");
    }
}

/// In memory it is the clock that counts.
#[tokio::test]
async fn gone_when_its_time_is_over() {
    let (clock, cache) = moved();
    let entry = cache.scope(async { by_constant_entry() }).await;
    cache.scope(by_constant()).await;
    clock.advance(LIFE - Duration::from_millis(1));
    assert_eq!(entry.get().await.unwrap(), Some(1));
    assert_eq!(entry.ttl().await.unwrap(), Some(Duration::from_millis(1)));
    clock.advance(Duration::from_millis(1));
    assert_eq!(entry.get().await.unwrap(), None);
    assert_eq!(cache.count_keys().await.unwrap(), 0);
    let (_, observed) = cache_runtime::observe(cache.scope(by_constant())).await;
    assert_eq!((observed.hits, observed.misses), (0, 1));
}
