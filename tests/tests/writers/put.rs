//! `#[redis_put]`: what a writer returns is stored, and in whatever other way it ends its key is
//! invalidated.

use super::*;
use cache_runtime::{bypass, defer_invalidations};
use cache_tests::{Scene, cache_at, given_back, lives_for};
use std::time::{Duration, Instant};

#[tokio::test]
async fn the_value_is_there_for_everybody() {
    let Scene { server, one, other, world } = Scene::start();
    assert_eq!(read(&other, &world, 7).await, 1);

    let begun = Instant::now();
    assert_eq!(one.scope(save(&world, 7, End::Ok)).await, Ok(2));
    assert_eq!(value(&server, 7).as_deref(), Some("2"), "as the reader would have written it");
    assert!(!has_lease(&server, 7), "the fill ended it");
    assert!(lives_for(&server, &key(7), Duration::from_secs(60), begun), "the reader's ttl");
    for cache in [&one, &other] {
        assert_eq!(read(cache, &world, 7).await, 2);
    }
    assert_eq!(world.readers(), 1, "both were hits");
    assert_eq!(one.stats().await.journal.queued, 0);
}

#[tokio::test]
async fn the_old_value_is_there_until_the_body_has_ended() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;
    world.writing.close();
    let saving = spawn_save(&cache, &world, 7, End::Ok);
    world.writing.reached(1).await;
    assert!(has_lease(&server, 7), "taken before the body, value or not");
    assert_eq!(read(&cache, &world, 7).await, 1);
    world.writing.open();
    assert_eq!(saving.await.unwrap(), Ok(2));
    assert_eq!(value(&server, 7).as_deref(), Some("2"));
}

/// Each end that is not a value.
async fn ends(end: impl AsyncFnOnce(&Cache, &World)) {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;
    end(&cache, &world).await;
    assert_eq!(read(&cache, &world, 7).await, 2, "nobody is given the old value");
    replayed(&cache).await;
    given_back(&server, &key(7)).await;
}

#[tokio::test]
async fn an_error() {
    let Scene { server, one, other, world } = Scene::start();
    read(&one, &world, 7).await;
    one.scope(save(&world, 7, End::Err)).await.unwrap_err();
    assert!(!has_value(&server, 7), "before the caller sees the result");
    assert_eq!(read(&other, &world, 7).await, 2);
}

#[tokio::test]
async fn a_panic() {
    ends(async |cache, world| {
        let panicked = spawn_save(cache, world, 7, End::Panic).await;
        assert!(panicked.unwrap_err().is_panic());
    })
    .await;
}

#[tokio::test]
async fn dropped_in_mid_body() {
    ends(async |cache, world| {
        world.writing.close();
        let aborted = spawn_save(cache, world, 7, End::Ok);
        world.writing.reached(1).await;
        aborted.abort();
        assert!(aborted.await.unwrap_err().is_cancelled());
    })
    .await;
}

#[tokio::test]
async fn dropped_before_it_was_polled() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;
    drop(cache.scope(save(&world, 7, End::Ok)));
    let journal = cache.stats().await.journal;
    assert_eq!((journal.waiting, journal.queued), (0, 0));
    // Whatever it had begun would be done before what comes after it on the same connection.
    cache.ping().await.unwrap();
    tokio::task::yield_now().await;
    cache.ping().await.unwrap();
    assert!(has_value(&server, 7) && !has_lease(&server, 7));
}

#[tokio::test]
async fn a_bypassed_put_invalidates() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;
    assert_eq!(bypass(cache.scope(save(&world, 7, End::Ok))).await, Ok(2));
    assert!(!has_value(&server, 7) && !has_lease(&server, 7));
}

#[tokio::test]
async fn with_caching_off_there_is_only_the_write() {
    let cache = cache_at("disabled://");
    let world = World::default();
    assert_eq!(cache.scope(save(&world, 7, End::Ok)).await, Ok(2));
    assert_eq!(cache.stats().await.journal.queued, 0);
}

/// What is not committed yet is not for others to see.
#[tokio::test]
async fn a_deferred_put_invalidates_at_the_end() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;
    cache
        .scope(defer_invalidations(async {
            save(&world, 7, End::Ok).await.unwrap();
            assert_eq!(value(&server, 7).as_deref(), Some("1"), "not before the end");
            assert!(!has_lease(&server, 7));
        }))
        .await;
    assert!(!has_value(&server, 7));
}

mod by_the_readers_options {
    use super::*;
    use cache_tests::Logs;

    #[redis_cache(ttl = 60, key = "plain:{id}")]
    async fn plain(id: u64) -> Option<String> {
        Some(id.to_string())
    }

    #[redis_cache(ttl = 60, none_ttl = 5, key = "none:{id}", max_size = 10)]
    async fn none(id: u64) -> Result<Option<String>, String> {
        Ok(Some(id.to_string()))
    }

    #[redis_cache(
        key = "picky:{id}",
        version = 3,
        cache_if = |text| text != "no",
        ttl_with = |text| Duration::from_secs(text.len() as u64),
        stale_if_error = 100
    )]
    async fn picky(id: u64) -> Result<String, String> {
        Ok(id.to_string())
    }

    #[redis_cache(ttl = Duration::from_secs(*seconds), key = "lost:{id}")]
    async fn lost(id: u64, seconds: &u64) -> String {
        id.to_string()
    }

    #[redis_put(plain(1))]
    async fn put_plain(value: Option<&str>) -> Option<String> {
        value.map(str::to_owned)
    }

    /// Another error type than the reader's.
    #[redis_put(none(1))]
    async fn put_none(value: Option<&str>) -> Result<Option<String>, std::fmt::Error> {
        Ok(value.map(str::to_owned))
    }

    #[redis_put(picky(1))]
    async fn put_picky(value: &str) -> Result<String, std::fmt::Error> {
        Ok(value.to_owned())
    }

    #[redis_put(lost(1))]
    async fn put_lost(value: &str) -> String {
        value.to_owned()
    }

    /// The value and the seconds it lives after a put over an old value.
    async fn after<T>(key: &str, put: impl Future<Output = T>) -> Option<(String, i64)> {
        let server = RedisServer::start();
        let cache = cache_at(&server.url());
        let key = format!("t:{key}");
        server.command::<()>(&["SET", &key, "\"old\"", "EX", "1000"]);
        cache.scope(put).await;
        let millis: i64 = server.command(&["PTTL", &key]);
        let value: Option<String> = server.command(&["GET", &key]);
        value.map(|value| (value, (millis + 999) / 1000))
    }

    fn some(value: &str, seconds: i64) -> Option<(String, i64)> {
        Some((value.to_owned(), seconds))
    }

    #[tokio::test]
    async fn none_and_size() {
        assert_eq!(after("plain:1", put_plain(Some("a"))).await, some("\"a\"", 60));
        assert_eq!(after("plain:1", put_plain(None)).await, None);
        assert_eq!(after("none:1", put_none(Some("a"))).await, some("\"a\"", 60));
        assert_eq!(after("none:1", put_none(None)).await, some("null", 5));
        assert_eq!(after("none:1", put_none(Some("more than ten"))).await, None);
    }

    #[tokio::test]
    async fn life_and_key() {
        assert_eq!(after("picky:1~3", put_picky("four")).await, some("\"four\"", 104));
        assert_eq!(after("picky:1~3", put_picky("no")).await, None);
        assert_eq!(after("picky:1~3", put_picky("")).await, None, "no life, no value");
    }

    #[tokio::test]
    async fn a_life_that_nobody_knows_here_is_said_once() {
        let logs = Logs::capture("lost:1");
        for _ in 0..2 {
            assert_eq!(after("lost:1", put_lost("a")).await, None);
        }
        let lines = logs.lines();
        let warned = lines.iter().filter(|line| line.contains("`ttl` depends on arguments"));
        assert_eq!(warned.count(), 1, "{lines:?}");
    }
}
