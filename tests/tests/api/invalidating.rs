//! Taking values out: exactly what was named, and never a neighbour's.

use cache_runtime::{Cache, Error, redis_cache};
use cache_tests::{RedisServer, cache_at, in_memory, keys};

#[redis_cache(ttl = 60, key = "user:{id}")]
async fn user(id: &str) -> String {
    id.to_owned()
}

#[redis_cache(ttl = 60, key = "user:{id}:orders", version = 2)]
async fn orders(id: &str) -> String {
    id.to_owned()
}

#[redis_cache(ttl = 60)]
async fn unnamed(id: &str, page: u64) -> String {
    format!("{id} {page}")
}

#[redis_cache(ttl = 60)]
async fn unnamed_too(id: &str, page: u64) -> String {
    format!("{id} {page}")
}

async fn fill(cache: &Cache, ids: &[&str]) {
    cache
        .scope(async {
            for id in ids {
                user(id).await;
            }
        })
        .await;
}

in_both!(one_key, invalidate_one_key);
async fn invalidate_one_key(cache: Cache) {
    fill(&cache, &["1", "2", "3", "t"]).await;
    assert!(cache.invalidate("user:1").await.unwrap(), "without the prefix");
    assert!(!cache.invalidate("user:1").await.unwrap(), "gone");
    assert!(cache.invalidate("t:user:2").await.unwrap(), "with it");
    assert!(!cache.invalidate("user:*").await.unwrap(), "a star is a star");
    assert!(!cache.invalidate("other:user:3").await.unwrap());
    assert!(matches!(cache.invalidate("").await, Err(Error::Invalid(_))));
    assert!(matches!(cache.invalidate("t:").await, Err(Error::Invalid(_))));
    assert_eq!(cache.count_keys().await.unwrap(), 2);
}

in_both!(patterns, invalidate_patterns);
async fn invalidate_patterns(cache: Cache) {
    let ids = ["1", "2", "3", "10", "11", "1*", "a[b]", "é", "x:y", "back\\slash"];
    for (pattern, removed) in [
        ("user:1", 1),
        ("user:?", 4), // 1, 2, 3, é is encoded or one character: see below
        ("user:1?", 2),
        ("user:1*", 4),
        ("user:[12]", 2),
        ("user:[^1]", 3),
        ("t:user:1*", 4),
        ("user:*", 10),
        ("*", 10),
        ("**", 10),
        ("nothing*", 0),
        ("?:user:*", 0),
        ("*:user:1", 0),
        ("user:1\\*", 0), // an argument's star is encoded
    ] {
        cache.clear().await.unwrap();
        fill(&cache, &ids).await;
        assert_eq!(cache.count_keys().await.unwrap(), 10);
        let got = cache.invalidate_matching(pattern).await.unwrap();
        // A pattern's `?` is a byte of the key in Redis, and `é` is as keys encode it.
        if !pattern.contains("[^") && pattern != "user:?" {
            assert_eq!(got, removed, "{pattern}");
        } else {
            assert!(got <= removed && got + 1 >= removed, "{pattern}: {got}");
        }
        assert_eq!(cache.count_keys().await.unwrap(), 10 - got, "{pattern}");
    }
    assert!(matches!(cache.invalidate_matching("").await, Err(Error::Invalid(_))));
}

in_both!(functions, invalidate_functions);
async fn invalidate_functions(cache: Cache) {
    cache
        .scope(async {
            for id in ["1", "x:y", "orders", "*"] {
                user(id).await;
                orders(id).await;
                unnamed(id, 1).await;
                unnamed_too(id, 1).await;
            }
        })
        .await;
    assert_eq!(cache.count_keys().await.unwrap(), 16);
    let remove = async |path: &str| cache.invalidate_function(path).await;
    assert_eq!(remove("api.invalidating.unnamed").await.unwrap(), 4);
    assert_eq!(cache.count_keys().await.unwrap(), 12, "not what only begins like it");
    assert_eq!(remove("api.invalidating.user").await.unwrap(), 4);
    assert_eq!(cache.count_keys().await.unwrap(), 8, "not the orders of users");
    assert_eq!(remove("api.invalidating.orders").await.unwrap(), 4);
    assert_eq!(remove("api.invalidating.unnamed_too").await.unwrap(), 4);
    assert_eq!(remove("api.invalidating.unnamed_too").await.unwrap(), 0);
    assert!(matches!(remove("api.invalidating.nobody").await, Err(Error::Invalid(_))));
    assert!(matches!(remove("*").await, Err(Error::Invalid(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_another_prefix() {
    let server = RedisServer::start();
    let build = |prefix: &str| Cache::builder().url(server.url()).prefix(prefix).build().unwrap();
    // Each begins like another, or would as a pattern.
    let prefixes = ["shop", "shop.eu", "shop-eu", "sho", "shopx", "s.op"];
    let fill_all = async || {
        for prefix in prefixes {
            fill(&build(prefix), &["1", "2"]).await;
        }
        server.command::<()>(&["SET", "foreign", "x"]);
        server.command::<()>(&["SET", "user:1", "x"]);
    };
    fill_all().await;
    for prefix in prefixes {
        let (cache, before) = (build(prefix), keys(&server).len());
        assert_eq!(cache.count_keys().await.unwrap(), 2, "{prefix}");
        assert_eq!(cache.invalidate_matching("user:1").await.unwrap(), 1, "{prefix}");
        assert_eq!(cache.clear().await.unwrap(), 1, "{prefix}");
        assert_eq!(keys(&server).len(), before - 2, "{prefix}");
    }
    assert_eq!(keys(&server), ["foreign", "user:1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_keys() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let mut pipe = redis::pipe();
    for n in 0..5000 {
        pipe.cmd("SET").arg(format!("t:user:{n}")).arg("1").ignore();
        pipe.cmd("SET").arg(format!("other:user:{n}")).arg("1").ignore();
    }
    let () = pipe.query(&mut server.connection().unwrap()).unwrap();
    assert_eq!(cache.count_keys().await.unwrap(), 5000);
    assert_eq!(cache.invalidate_matching("user:1*").await.unwrap(), 1111);
    assert_eq!(cache.clear().await.unwrap(), 5000 - 1111);
    assert_eq!(server.command::<usize>(&["DBSIZE"]), 5000);
    let stats: String = server.command(&["INFO", "commandstats"]);
    assert!(server.calls("scan") > 0);
    assert!(!stats.contains("cmdstat_keys:") && !stats.contains("cmdstat_flush"), "{stats}");
}

/// A handler of a web service, and any other spawned task, must be able to.
#[tokio::test]
async fn from_a_task_of_its_own() {
    let cache = in_memory();
    fill(&cache, &["1"]).await;
    tokio::spawn(async move {
        cache.invalidate("user:1").await?;
        cache.invalidate_matching("user:*").await?;
        cache.invalidate_function("api.invalidating.user").await?;
        cache.scope(async { user_entry("1").invalidate().await }).await?;
        cache.clear().await?;
        cache.count_keys().await
    })
    .await
    .unwrap()
    .unwrap();
}
