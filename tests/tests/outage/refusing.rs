//! Redis answers, and says no.

use super::*;
use cache_tests::{Logs, RedisServer, limited};
use std::time::Instant;

/// While writes are refused, fifty calls send nothing but their reads; but for one write in each of
/// the times after which it is tried again, the shortest of which is 100 ms.
async fn hardly_writes(cache: &Cache, server: &RedisServer) {
    let (begun, before) = (Instant::now(), server.calls("evalsha"));
    for n in 1000..1050 {
        computes(cache, n).await;
    }
    let sent = server.calls("evalsha") - before;
    let tries = 1 + begun.elapsed().as_millis() / 100;
    assert!(u128::from(sent) <= tries, "{sent} writes, and time for {tries}");
}

#[tokio::test]
async fn read_only() {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    let logs = Logs::capture(replica.address());
    limited(async {
        warm(&cache_tests::cache_at(&primary.url()), 7).await;
        replica.replica_of(Some(&primary));
        let copied = || async { replica.command::<bool>(&["EXISTS", "t:n:7"]) };
        eventually(DEADLINE, copied).await;

        let cache = cache_tests::cache_at(&replica.url());
        assert!(hits(&cache, 7).await, "what is there is served");
        computes(&cache, 8).await;
        hardly_writes(&cache, &replica).await;
        assert!(hits(&cache, 7).await, "and still is, with writes refused");
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());

        replica.replica_of(None);
        recovers(&cache, 9).await;
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());
    })
    .await;
}

#[tokio::test]
async fn out_of_memory() {
    let server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let cache = cache_tests::cache_at(&server.url());
    limited(async {
        warm(&cache, 7).await;
        server.config_set("maxmemory-policy", "noeviction");
        server.config_set("maxmemory", "1");
        computes(&cache, 8).await;
        hardly_writes(&cache, &server).await;
        assert!(hits(&cache, 7).await, "what is there is served");
        assert!(cache.invalidate("n:7").await.unwrap(), "and can be removed");
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());

        server.config_set("maxmemory", "0");
        recovers(&cache, 9).await;
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());
    })
    .await;
}

#[tokio::test]
async fn asking_for_a_password() {
    let right = "the-right-password-of-the-server";
    let server = RedisServer::builder().requirepass(right).start();
    let logs = Logs::capture(server.address());
    let cache = cache_at(&server.url());
    limited(async {
        computes(&cache, 7).await;
        adds_nothing(&cache);
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());

        server.config_set("requirepass", "");
        recovers(&cache, 8).await;
    })
    .await;
}

#[tokio::test]
async fn with_a_wrong_password_that_nobody_gets_to_see() {
    let (right, wrong) = ("right-secret-7b1d", "wrong-secret-93ef");
    let server = RedisServer::builder().requirepass(right).start();
    let logs = Logs::capture(server.address());
    limited(async {
        let mut said = String::new();
        for password in [wrong, right] {
            let url = format!("redis://:{password}@{}", server.address());
            let builder = Cache::builder().url(url).prefix("t");
            said += &format!("{builder:?}");
            let cache = builder.build().unwrap();
            if password == right {
                recovers(&cache, 7).await;
            } else {
                computes(&cache, 7).await;
                adds_nothing(&cache);
                let refused = cache.ping().await.unwrap_err();
                said += &format!("{refused} {refused:?}");
                assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());
            }
            said += &format!("{cache:?} {:?}", cache.stats().await);
        }
        for secret in [right, wrong] {
            assert!(!said.contains(secret), "{said}");
            assert!(!Logs::anywhere(secret), "{secret} is in the log");
        }
        assert!(logs.lines().len() > 1, "the log says something at all");
    })
    .await;
}

/// A server with a large file answers LOADING to everything after a restart.
#[tokio::test]
async fn still_loading() {
    let mut server = RedisServer::builder()
        .may_be_loading()
        .with_args(&["--key-load-delay", "1500", "--loading-process-events-interval-bytes", "1024"])
        .start();
    let logs = Logs::capture(server.address());
    let cache = cache_at(&server.url());
    limited(async {
        server.command::<()>(&["DEBUG", "POPULATE", "20000", "filler", "100"]);
        warm(&cache, 7).await;
        server.command::<()>(&["SAVE"]);
        server.restart();
        computes(&cache, 8).await;
        adds_nothing(&cache);
        let loading = server.try_command::<String>(&["GET", "x"]).unwrap_err();
        assert_eq!(loading.code(), Some("LOADING"), "it was loading all the while");

        server.config_set("key-load-delay", "0");
        let answers = || async { server.try_command::<Option<String>>(&["GET", "x"]).is_ok() };
        eventually(DEADLINE, answers).await;
        recovers(&cache, 9).await;
        assert!(hits(&cache, 7).await, "what was saved is served");
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());
    })
    .await;
}

/// A hosted Redis that has no scripts: its operator reads which command it is that is missing.
#[tokio::test]
async fn without_scripts() {
    let server = RedisServer::builder()
        .with_args(&["--rename-command", "EVAL", "", "--rename-command", "EVALSHA", ""])
        .start();
    let logs = Logs::capture(server.address());
    let cache = cache_at(&server.url());
    limited(async {
        computes(&cache, 7).await;
        computes(&cache, 7).await;
        let said = logs.lines().concat();
        assert!(said.contains("ERR unknown command 'EVALSHA'"), "{said}");
        assert!(!said.contains("args"), "{said}");
    })
    .await;
}
