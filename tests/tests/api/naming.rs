//! What a person writes for a key or a pattern: the text of a template, and never Redis' own keys.

use async_trait::async_trait;
use cache_runtime::{Cache, MessagePack, redis_cache, redis_invalidate};
use cache_tests::{Logs, RedisServer, cache_at, in_memory, keys, replayed};

#[redis_cache(ttl = 60, key = "p:{id}")]
async fn plain(id: &str) -> String {
    id.to_owned()
}

#[redis_cache(ttl = 60, key = "p:{id}", version = 2)]
async fn versioned(id: &str) -> String {
    id.to_owned()
}

#[redis_cache(ttl = 60, key = "p:{id}", codec = MessagePack)]
async fn packed(id: &str) -> String {
    id.to_owned()
}

#[redis_cache(ttl = 60, key = "{kind}:{id}", version = 3, codec = MessagePack)]
async fn of_any_kind(kind: &str, id: &str) -> String {
    format!("{kind} {id}")
}

#[redis_cache(ttl = 60, key = "p:{id}:page", version = 2)]
async fn page(id: &str) -> String {
    id.to_owned()
}

#[redis_cache(ttl = 60, key = "p:{id}:items", version = 2)]
async fn items(id: &str) -> String {
    id.to_owned()
}

#[redis_cache(ttl = 60, version = 4)]
async fn default(id: &str) -> String {
    id.to_owned()
}

#[redis_invalidate(keys = ["p:{id}"])]
async fn write(id: &str) {}

#[redis_invalidate(keys = ["p:{id}:page"])]
async fn write_page(id: &str) {}

/// What a long argument is: its key is shortened.
fn long() -> String {
    "x".repeat(1100)
}

async fn fill(cache: &Cache, id: &str) {
    cache
        .scope(async {
            plain(id).await;
            versioned(id).await;
            packed(id).await;
            of_any_kind("p", id).await;
            page(id).await;
            items(id).await;
            default(id).await;
        })
        .await;
}

async fn count(cache: &Cache) -> u64 {
    cache.count_keys().await.unwrap()
}

in_both!(a_key, name_a_key);
async fn name_a_key(cache: Cache) {
    for id in ["7", &long()] {
        for prefix in ["", "t:"] {
            fill(&cache, id).await;
            fill(&cache, "8").await;
            assert!(cache.invalidate(&format!("{prefix}p:{id}")).await.unwrap());
            assert_eq!(count(&cache).await, 7 + 3, "all of this id, and nothing else");
            assert!(!cache.invalidate(&format!("{prefix}p:{id}")).await.unwrap());

            assert!(cache.invalidate(&format!("{prefix}p:{id}:page")).await.unwrap());
            assert!(cache.invalidate(&format!("api.naming.default:{id}")).await.unwrap());
            assert_eq!(count(&cache).await, 7 + 1);
        }
        cache.clear().await.unwrap();
    }
}

in_both!(a_writer, write_a_key);
async fn write_a_key(cache: Cache) {
    for id in ["7", &long()] {
        fill(&cache, id).await;
        fill(&cache, "8").await;
        cache.scope(write(id)).await;
        assert_eq!(count(&cache).await, 7 + 3);
        cache.scope(write_page(id)).await;
        assert_eq!(count(&cache).await, 7 + 2);
        cache.clear().await.unwrap();
    }
}

in_both!(a_key_as_it_is, name_a_key_as_it_is);
async fn name_a_key_as_it_is(cache: Cache) {
    let long = long();
    for id in ["7", &long] {
        fill(&cache, id).await;
        let whole = cache.scope(async { versioned_entry(id).key().unwrap().to_owned() }).await;
        assert!(cache.invalidate(&whole).await.unwrap());
        assert_eq!(count(&cache).await, 6, "a whole key is that one");
        cache.clear().await.unwrap();
    }
}

in_both!(patterns, name_patterns);
async fn name_patterns(cache: Cache) {
    for (pattern, removed) in [
        ("p:?", 4),
        ("p:[0-9]", 4),
        ("p:7", 4),
        ("*:7", 5),
        ("p:*:page", 1),
        ("p:7:*s", 1),
        ("p:*", 6),
        ("p:*~2", 3),
        ("p:7~2", 1),
        ("p:*msgpack", 2),
        ("*", 7),
        ("p", 0),
    ] {
        fill(&cache, "7").await;
        assert_eq!(cache.invalidate_matching(pattern).await.unwrap(), removed, "{pattern}");
        cache.clear().await.unwrap();
    }
}

in_both!(patterns_of_long_keys, name_patterns_of_long_keys);
async fn name_patterns_of_long_keys(cache: Cache) {
    let id = long();
    for (pattern, removed) in [
        // Nothing tells the long keys of one version apart, whose template's texts come later.
        ("p:*:page", 3),
        ("p:*x", 6),
        ("p:*y*", 6),
        ("p:x*", 6),
        ("p:y*:page", 0),
        ("p:*:pages", 0),
        ("q:*", 0),
        ("api.naming.d*x", 1),
    ] {
        fill(&cache, &id).await;
        fill(&cache, "7").await;
        let short = cache.invalidate_matching(pattern).await.unwrap().saturating_sub(removed);
        fill(&cache, "7").await;
        assert_eq!(count(&cache).await, 14 - removed, "{pattern} ({short} short ones)");
        cache.clear().await.unwrap();
    }
}

in_both!(a_function, name_a_function);
async fn name_a_function(cache: Cache) {
    for id in ["7", &long()] {
        for (function, left) in [("default", 6), ("packed", 6)] {
            fill(&cache, id).await;
            let path = format!("api.naming.{function}");
            assert_eq!(cache.invalidate_function(&path).await.unwrap(), 7 - left, "{function}");
            cache.clear().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_program_shortened_is_reached_by_a_pattern() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let key = format!("t:other:{}~h00112233445566778899aabbccddeeff~9", long());
    server.command::<()>(&["SET", &key, "1"]);
    assert_eq!(cache.invalidate_matching("othes:*:page").await.unwrap(), 0);
    assert_eq!(cache.invalidate_matching("other:*:page").await.unwrap(), 1);
    assert_eq!(keys(&server), Vec::<String>::new());
}

struct Shelf;

#[async_trait]
trait Keep {
    async fn kept(&self, id: u64) -> u64;
    async fn keep(&self, id: u64);
}

#[async_trait]
impl Keep for Shelf {
    #[redis_cache(ttl = 60, key = "shelf:{id}", version = 2, entry = false)]
    async fn kept(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(keys = ["shelf:{id}"])]
    async fn keep(&self, id: u64) {
        drop(id.to_string());
    }
}

#[tokio::test]
async fn a_trait_that_has_no_companions_names_its_entries_by_their_template() {
    let cache = in_memory();
    cache
        .scope(async {
            Shelf.kept(7).await;
            Shelf.kept(8).await;
            Shelf.keep(7).await;
        })
        .await;
    assert_eq!(count(&cache).await, 1);
}

/// What waits for Redis is every key that was meant, and none of them is read meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_leaves_all_that_it_means_to_the_journal() {
    let mut server = RedisServer::start();
    let cache = cache_at(&server.url());
    fill(&cache, "7").await;
    server.kill();
    cache.scope(write("7")).await;
    assert_eq!(cache.stats().await.journal.waiting, 4, "of four versions and codecs");

    server.restart();
    server.command::<()>(&["SET", "t:p:7~2", "\"old\""]);
    replayed(&cache).await;
    assert_eq!(keys(&server), Vec::<String>::new());
}

#[redis_invalidate(keys = ["misspelt-by-a-writer/{id}"])]
async fn write_elsewhere(id: &str) {}

#[tokio::test]
async fn what_names_nothing_is_said_once() {
    let (cache, secret) = (in_memory(), "who@example.com");
    for begins in ["misspelt-by-hand/", "misspelt-in-a-pattern/", "misspelt-by-a-writer/"] {
        let logs = Logs::capture(begins);
        for _ in 0..3 {
            match begins {
                "misspelt-by-hand/" => {
                    assert!(!cache.invalidate(&format!("{begins}{secret}")).await.unwrap());
                }
                "misspelt-in-a-pattern/" => {
                    let pattern = format!("{begins}{secret}*");
                    assert_eq!(cache.invalidate_matching(&pattern).await.unwrap(), 0);
                }
                _ => cache.scope(write_elsewhere(secret)).await,
            }
        }
        assert_eq!(logs.count("WARN"), 1, "{:?}", logs.lines());
        assert!(!logs.lines().concat().contains(secret));
    }
    let logs = Logs::capture("p:known");
    assert!(!cache.invalidate("p:known").await.unwrap());
    assert_eq!(cache.invalidate_matching("p:known*").await.unwrap(), 0);
    assert_eq!(cache.invalidate_matching("p:known~2").await.unwrap(), 0);
    assert_eq!(logs.count("WARN"), 0);
}
