//! The rights of an ACL user: what each thing needs, and what is said where a right is missing.
//! Each rule is what the guide says, and its user has nothing else.

use cache_runtime::{Cache, Status, redis_cache, redis_invalidate, redis_put};
use cache_tests::{
    DEADLINE, Logs, RedisServer, World, builder_at, called, eventually, limited, outcome,
    rights_for, rights_for_all,
};

/// What cached functions and writers need, and beside it what the guide says of `others`.
fn functions_and(others: &[&str]) -> String {
    let rows = ["cached functions and writers"].iter().chain(others);
    rows.map(|what| rights_for(what)).collect::<Vec<_>>().join(" ")
}

#[redis_cache(ttl = 60, key = "plain:{n}")]
async fn plain(world: &World, n: u64) -> u64 {
    assert!(n > 0);
    world.read().await
}

#[redis_cache(
    ttl = "1ms",
    key = "windows:{n}",
    early_refresh,
    stale_while_revalidate = "1m",
    stale_if_error = "1m"
)]
async fn windows(world: &World, n: u64) -> Result<u64, String> {
    assert!(n > 0);
    world.try_read().await
}

#[redis_cache(
    ttl = "1m",
    key = "tagged:{n}",
    tags = ["group:{n}"],
    stale_while_revalidate = "1m"
)]
async fn tagged(world: &World, n: u64) -> Result<u64, String> {
    assert!(n > 0);
    world.try_read().await
}

#[redis_cache(ttl = 60, key = "own:{n}", tags_with = |number| [("number", *number)])]
async fn own_tags(world: &World, n: u64) -> u64 {
    assert!(n > 0);
    world.read().await
}

#[redis_invalidate(plain(n))]
async fn raise(world: &World, n: u64) {
    assert!(n > 0);
    world.changes();
}

#[redis_put(plain(n))]
async fn write(world: &World, n: u64) -> u64 {
    assert!(n > 0);
    world.changes()
}

/// A server, and a cache of a user with these rights.
fn with_rights(rights: &str) -> (RedisServer, Cache, Logs) {
    let rules = format!("on >se:cr@et ~shop:* {rights}");
    let server = RedisServer::builder().acl_user("app", &rules).start();
    let url = format!("redis://app:se%3Acr%40et@{}", server.address());
    let cache = builder_at(&url).prefix("shop").build().unwrap();
    let logs = Logs::capture(server.address());
    (server, cache, logs)
}

/// What is said of rights that are missing, once anything has been asked.
async fn said(cache: &Cache, logs: &Logs) -> String {
    let world = World::default();
    called(cache, plain(&world, 99)).await;
    let line = || logs.lines().into_iter().find(|line| line.contains("let us do everything"));
    eventually(DEADLINE, || async { line().is_some() }).await;
    line().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_cached_functions_and_writers() {
    let (server, cache, logs) = with_rights(&functions_and(&[]));
    let world = World::default();
    limited(async {
        let outcomes = async || {
            let (value, observed, _) = called(&cache, plain(&world, 1)).await;
            assert_eq!(observed.errors, 0, "{:?}", logs.lines());
            (value, outcome(observed))
        };
        assert_eq!(outcomes().await, (1, "miss"));
        assert_eq!(outcomes().await, (1, "hit"));
        called(&cache, raise(&world, 1)).await;
        assert_eq!(outcomes().await, (2, "miss"));
        called(&cache, write(&world, 1)).await;
        assert_eq!(outcomes().await, (3, "hit"), "the value that was put");
        let entry = cache.scope(async { plain_entry(1) }).await;
        assert!(entry.ttl().await.unwrap().is_some());
        assert!(entry.invalidate().await.unwrap());

        called(&cache, windows(&world, 1)).await.0.unwrap();
        let stale = || async { outcome(called(&cache, windows(&world, 1)).await.1) == "stale" };
        eventually(DEADLINE, stale).await;

        // Long enough for its lease to be made to last.
        world.reading.close();
        let slow = cache.scope(plain(&world, 2));
        let renewed = async {
            eventually(DEADLINE, || async { server.calls("pexpire") > 0 }).await;
            world.reading.open();
        };
        tokio::join!(slow, renewed);
        assert_eq!(called(&cache, plain(&world, 2)).await.1.hits, 1);

        let said = said(&cache, &logs).await;
        assert!(said.starts_with("INFO"), "nothing that they need is missing: {said}");
        for missing in ["SCAN: patterns", "PING: ", "INFO: ", "MGET: ", "STRLEN: ", "SETRANGE: "] {
            assert!(said.contains(missing), "{said}");
        }
        assert_eq!(logs.count("WARN"), 0, "{:?}", logs.lines());
        assert!(cache.clear().await.is_err() && cache.ping().await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_functions_with_tags() {
    let (server, cache, logs) = with_rights(&functions_and(&["functions with `tags`;"]));
    let world = World::default();
    limited(async {
        for n in 1..=2 {
            called(&cache, tagged(&world, n)).await.0.unwrap();
            let (_, observed, _) = called(&cache, tagged(&world, n)).await;
            assert_eq!((observed.hits, observed.errors), (1, 0), "{:?}", logs.lines());
        }
        assert!(cache.invalidate_tag("group:2").await.unwrap());
        assert_eq!(outcome(called(&cache, tagged(&world, 2)).await.1), "miss");
        assert!(cache.soft_invalidate_tag("group:1").await.is_err());
        let soft = rights_for("soft invalidations of tags");
        let rule: Vec<_> = ["ACL", "SETUSER", "app"].into_iter().chain(soft.split(' ')).collect();
        server.command::<()>(&rule);
        assert!(cache.soft_invalidate_tag("group:1").await.unwrap());
        assert_eq!(outcome(called(&cache, tagged(&world, 1)).await.1), "stale");
        assert_eq!(logs.count("WARN"), 0, "{:?}", logs.lines());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_functions_whose_values_say_their_tags() {
    let (_server, cache, logs) = with_rights(&functions_and(&["functions with `tags_with`"]));
    let world = World::default();
    limited(async {
        assert_eq!(outcome(called(&cache, own_tags(&world, 1)).await.1), "miss");
        assert_eq!(outcome(called(&cache, own_tags(&world, 1)).await.1), "hit");
        assert!(cache.invalidate_tag("number:1").await.unwrap());
        assert_eq!(outcome(called(&cache, own_tags(&world, 1)).await.1), "miss");
        assert_eq!(logs.count("WARN"), 0, "{:?}", logs.lines());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_patterns_and_of_what_operators_ask() {
    let world = World::default();
    limited(async {
        let (_server, cache, _) =
            with_rights(&functions_and(&["patterns, `clear`, `count_keys` |"]));
        called(&cache, plain(&world, 1)).await;
        assert_eq!(cache.count_keys().await.unwrap(), 1);
        assert_eq!(cache.invalidate_matching("plain:?").await.unwrap(), 1);
        assert_eq!(cache.clear().await.unwrap(), 0);
        let (_server, cache, _) = with_rights(&functions_and(&["`ping`"]));
        cache.ping().await.unwrap();
        let (_server, cache, _) = with_rights(&functions_and(&["the server's figures"]));
        assert!(cache.stats().await.server.is_some_and(|server| server.version.is_some()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_everything() {
    let (server, cache, logs) = with_rights(&rights_for_all());
    let world = World::default();
    limited(async {
        let together = (1..=50).map(|n| called(&cache, plain(&world, n)));
        futures_util::future::join_all(together).await;
        let together = (1..=50).map(|n| called(&cache, plain(&world, n)));
        for (_, observed, _) in futures_util::future::join_all(together).await {
            assert_eq!((observed.hits, observed.errors), (1, 0));
        }
        assert!(server.calls("mget") > 0);
        cache.ping().await.unwrap();
        let stats = cache.stats().await;
        assert_eq!(stats.status, Status::Connected);
        assert!(stats.server.and_then(|server| server.version).is_some());
        assert_eq!(cache.count_keys().await.unwrap(), 50);
        assert_eq!(cache.invalidate_matching("plain:1?").await.unwrap(), 10);
        assert_eq!(cache.clear().await.unwrap(), 40);
        let unexpected: Vec<_> =
            logs.lines().into_iter().filter(|line| !line.contains("connected to Redis")).collect();
        assert_eq!(unexpected, [""; 0], "nothing is missing");
        // With another prefix nothing works, and calls go on.
        let stranger = format!("redis://app:se%3Acr%40et@{}", server.address());
        let stranger = builder_at(&stranger).prefix("other").build().unwrap();
        let (value, observed, _) = called(&stranger, plain(&world, 1)).await;
        assert_eq!((value, observed.misses), (1, 1));
        assert_eq!(server.command::<usize>(&["DBSIZE"]), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_database_of_its_own() {
    let rules = functions_and(&["a database other than 0"]);
    let rules = format!("on >pw ~shop:* {rules}");
    let server = RedisServer::builder().acl_user("app", &rules).start();
    let url = format!("redis://app:pw@{}/5", server.address());
    let cache = builder_at(&url).prefix("shop").build().unwrap();
    let world = World::default();
    called(&cache, plain(&world, 1)).await;
    assert_eq!(called(&cache, plain(&world, 1)).await.1.hits, 1);
}

/// The rule for one server is what its rows say.
#[test]
fn of_everything_are_those_of_its_parts() {
    let parts = functions_and(&[
        "functions with `tags`;",
        "soft invalidations of tags",
        "functions with `tags_with`",
        "checking the length of a value",
        "patterns, `clear`, `count_keys` |",
        "`ping`",
        "the server's figures",
    ]);
    let sorted = |rights: &str| {
        let rights: std::collections::BTreeSet<_> = rights.split(' ').map(str::to_owned).collect();
        rights
    };
    assert_eq!(sorted(&rights_for_all()), sorted(&parts));
}

/// Each right that is missing is named, in one line, when the program starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_one_is_named_at_the_start() {
    let (all, needed) = (rights_for_all(), functions_and(&[]));
    for right in all.split(' ').filter(|right| *right != "+get") {
        let rest: Vec<_> = all.split(' ').filter(|other| *other != right).collect();
        let (_server, cache, logs) = with_rights(&rest.join(" "));
        let said = said(&cache, &logs).await;
        let command = right.trim_start_matches('+').to_uppercase();
        assert!(said.contains(&format!("lacks={command}: ")), "{said}");
        let needed = needed.split(' ').any(|needed| needed == right);
        assert!(said.starts_with(if needed { "WARN" } else { "INFO" }), "{said}");
        assert_eq!(said.matches(": ").count(), 1, "and nothing else: {said}");
    }
    // Without the right to read there is nothing to go on with.
    let (_server, cache, logs) = with_rights("+ping");
    let world = World::default();
    called(&cache, plain(&world, 1)).await;
    assert!(logs.lines().concat().contains("NOPERM"), "{:?}", logs.lines());
}

/// A hosted Redis that has no scripts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_command_is_named_at_the_start() {
    let server = RedisServer::builder()
        .with_args(&["--rename-command", "EVAL", "", "--rename-command", "EVALSHA", ""])
        .start();
    let (cache, logs) =
        (builder_at(&server.url()).build().unwrap(), Logs::capture(server.address()));
    let said = said(&cache, &logs).await;
    assert!(said.contains("lacks=EVAL, EVALSHA: values are not stored"), "{said}");
    let (value, observed, _) = called(&cache, plain(&World::default(), 1)).await;
    assert_eq!((value, observed.misses), (1, 1));
}
