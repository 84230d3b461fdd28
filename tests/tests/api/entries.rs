//! The companion of a function.

use cache_runtime::{Error, redis_cache};
use cache_tests::{RedisServer, all_given_back, cache_at, called, in_memory, keys, lives_for};
use std::time::{Duration, Instant};

#[redis_cache(ttl = 60, key = "name:{id}")]
async fn name(_db: &str, id: u64) -> Result<String, std::fmt::Error> {
    Ok(format!("computed {id}"))
}

#[redis_cache(ttl = 60, key = "kept:{id}", max_size = 20, cache_if = |text: &String| text != "no")]
async fn picky(id: u64) -> Option<String> {
    Some(format!("{id}"))
}

#[redis_cache(ttl = Duration::from_secs(seconds), key = "given:{id}")]
async fn given(id: u64, seconds: u64) -> u64 {
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_is_the_calls_entry() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let entry = cache.scope(async { name_entry(7) }).await;
    assert_eq!(entry.key().unwrap(), "t:name:7");
    assert_eq!(entry.get().await.unwrap(), None);
    assert_eq!(entry.ttl().await.unwrap(), None);
    assert!(!entry.invalidate().await.unwrap(), "there was none");

    let begun = Instant::now();
    assert!(entry.put(&Ok("put".into())).await.unwrap());
    assert_eq!(server.command::<String>(&["GET", "t:name:7"]), "\"put\"");
    assert!(lives_for(&server, "t:name:7", Duration::from_secs(60), begun));
    let left = entry.ttl().await.unwrap().unwrap();
    assert!(left <= Duration::from_secs(60), "{left:?}");
    assert!(
        left + begun.elapsed() + Duration::from_millis(2) >= Duration::from_secs(60),
        "{left:?}"
    );
    assert_eq!(entry.get().await.unwrap(), Some(Ok("put".into())));
    let (value, observed, _) = called(&cache, name("db", 7)).await;
    assert_eq!((value.unwrap().as_str(), observed.hits), ("put", 1));

    assert!(entry.put_for(&Ok("short".into()), Duration::from_secs(20)).await.unwrap());
    assert!(lives_for(&server, "t:name:7", Duration::from_secs(20), begun));
    assert!(entry.invalidate().await.unwrap(), "there was one");
    all_given_back(&server).await;
    assert_eq!(server.command::<usize>(&["DBSIZE"]), 0);
    let (value, _, _) = called(&cache, name("db", 7)).await;
    assert_eq!(value.unwrap(), "computed 7");
    assert_eq!(entry.get().await.unwrap(), Some(Ok("computed 7".into())));

    server.command::<()>(&["PERSIST", "t:name:7"]);
    assert_eq!(entry.ttl().await.unwrap(), Some(Duration::MAX));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_says_what_is_not_stored_and_why() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let failed = cache.scope(async { name_entry(1) }).await;
    assert!(!failed.put(&Err(std::fmt::Error)).await.unwrap(), "no error is stored");
    let picky = cache.scope(async { picky_entry(1) }).await;
    for excluded in [None, Some("no".into()), Some("x".repeat(100))] {
        assert!(picky.put(&Some("yes".into())).await.unwrap());
        assert!(!picky.put(&excluded).await.unwrap());
        assert_eq!(picky.get().await.unwrap(), None, "{excluded:?}: what was there is old");
    }
    for no_life in [Duration::ZERO, Duration::from_micros(999)] {
        assert!(picky.put(&Some("yes".into())).await.unwrap());
        assert!(!picky.put_for(&Some("gone".into()), no_life).await.unwrap());
        assert_eq!(picky.get().await.unwrap(), None);
    }
    assert!(picky.put(&Some("yes".into())).await.unwrap());
    assert_eq!(picky.get().await.unwrap(), Some(Some("yes".into())));
    assert_eq!(keys(&server), ["t:kept:1"]);

    let given = cache.scope(async { given_entry(1) }).await;
    assert!(matches!(given.put(&1).await, Err(Error::Invalid(why)) if why.contains("put_for")));
    assert!(given.put_for(&1, Duration::from_secs(30)).await.unwrap());

    server.command::<()>(&["SET", "t:given:1", "what"]);
    assert!(matches!(given.get().await, Err(Error::Codec(_))));
    server.command::<()>(&["DEL", "t:given:1"]);
    server.command::<()>(&["RPUSH", "t:given:1", "what"]);
    assert_eq!(given.get().await, Err(Error::WrongType));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_says_that_redis_is_away() {
    let mut server = RedisServer::start();
    server.kill();
    let cache = cache_at(&server.url());
    let entry = cache.scope(async { name_entry(7) }).await;
    assert_eq!(entry.get().await.unwrap_err(), Error::Unavailable);
    assert_eq!(entry.put(&Ok("x".into())).await, Err(Error::Unavailable));
    assert_eq!(entry.ttl().await, Err(Error::Unavailable));
    assert_eq!(entry.invalidate().await, Err(Error::Unavailable));
    assert_eq!(cache.invalidate("name:7").await, Err(Error::Unavailable));
    assert_eq!(cache.clear().await, Err(Error::Unavailable));
    assert_eq!(cache.count_keys().await, Err(Error::Unavailable));
    assert_eq!(cache.ping().await, Err(Error::Unavailable));
}

#[tokio::test]
async fn an_entry_keeps_the_cache_it_was_made_with() {
    let (one, two) = (in_memory(), in_memory());
    let entry = one.scope(async { name_entry(7) }).await;
    two.scope(entry.put(&Ok("x".into()))).await.unwrap();
    assert_eq!((one.count_keys().await.unwrap(), two.count_keys().await.unwrap()), (1, 0));
}
