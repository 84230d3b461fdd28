//! Redis is well, but holds something that is no value of ours.

use super::*;
use cache_runtime::{MessagePack, Postcard};
use cache_tests::{Logs, RedisServer, builder_at, limited, unique};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
}

fn user(runs: &Runs, id: u64) -> User {
    runs.one_more();
    User { id, name: format!("user {id}") }
}

#[redis_cache(ttl = 60, key = "listed:{id}")]
async fn listed(runs: &Runs, id: u64) -> User {
    user(runs, id)
}

#[redis_cache(ttl = 60, key = "user:{id}")]
async fn as_json(runs: &Runs, id: u64) -> User {
    user(runs, id)
}

#[redis_cache(ttl = 60, key = "user:{id}", codec = MessagePack)]
async fn as_message_pack(runs: &Runs, id: u64) -> User {
    user(runs, id)
}

#[redis_cache(ttl = 60, key = "user:{id}", codec = Postcard, version = 3)]
async fn as_postcard(runs: &Runs, id: u64) -> User {
    user(runs, id)
}

/// A cache whose keys, and so its log lines about them, are nobody else's.
fn own_cache(server: &RedisServer) -> (Cache, String, Logs) {
    let prefix = unique("odd");
    let cache = builder_at(&server.url()).prefix(&prefix).build().unwrap();
    let logs = Logs::capture(format!("{prefix}:"));
    (cache, prefix, logs)
}

#[tokio::test]
async fn a_list_under_the_key_is_left_alone() {
    let server = RedisServer::start();
    let (cache, prefix, logs) = own_cache(&server);
    let runs = Runs::default();
    limited(async {
        for id in 1..=3 {
            let key = format!("{prefix}:listed:{id}");
            server.command::<()>(&["RPUSH", &key, "a", "b"]);
            let (value, observed, _) = called(&cache, listed(&runs, id)).await;
            assert_eq!((value.id, runs.count(), observed.misses), (id, id, 1));
            assert_eq!(observed.errors, 1, "it is counted");
            let list: Vec<String> = server.command(&["LRANGE", &key, "0", "-1"]);
            assert_eq!(list, ["a", "b"]);
        }
        assert_eq!(logs.count("WARN"), 1, "one per function: {:#?}", logs.lines());
        // A wrong type is no outage.
        warm(&cache, 1).await;
        assert!(hits(&cache, 1).await);
    })
    .await;
}

macro_rules! garbage_is_replaced {
    ($test:ident, $function:ident, $entry:ident, $mark:literal, $garbage:expr) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            let server = RedisServer::start();
            let (cache, prefix, logs) = own_cache(&server);
            limited(async {
                for (id, garbage) in (1_u64..).zip($garbage) {
                    let key = format!("{prefix}:user:{id}{}", $mark);
                    let garbage: &[u8] = garbage;
                    let mut connection = server.connection().unwrap();
                    let () =
                        redis::cmd("SET").arg(&key).arg(garbage).query(&mut connection).unwrap();
                    let runs = Runs::default();

                    let (value, observed, _) = called(&cache, $function(&runs, id)).await;
                    assert_eq!((value, runs.count()), (user(&Runs::default(), id), 1));
                    assert_eq!((observed.misses, observed.errors), (1, 1), "for {garbage:?}");

                    let (value, observed, _) = called(&cache, $function(&runs, id)).await;
                    assert_eq!((value, runs.count()), (user(&Runs::default(), id), 1));
                    assert_eq!(observed.hits, 1, "a good value stands there now");
                    let life: i64 = server.command(&["PTTL", &key]);
                    assert!((1..=60_000).contains(&life), "with its life: {life}");
                }
                assert_eq!(logs.count("WARN"), 1, "one per function: {:#?}", logs.lines());
            })
            .await;
        }
    };
}

garbage_is_replaced!(
    bytes_that_are_no_json,
    as_json,
    as_json_entry,
    "",
    [
        &b""[..],
        b"{",
        b"\xff\x00",
        br#"{"id":"7","name":1}"#,
        br#"{"id":7}"#,
        br#"{"id":7,"name":"x"} trailing"#,
        br#"{"id":7,"name":"x"}{"id":7,"name":"x"}"#,
    ]
);
garbage_is_replaced!(
    bytes_that_are_no_message_pack,
    as_message_pack,
    as_message_pack_entry,
    "~msgpack",
    [&b""[..], b"\xc1", b"\x82\xa2id", b"\xdf\xff\xff\xff\xff", b"{\"id\":7}"]
);
garbage_is_replaced!(
    bytes_that_are_no_postcard,
    as_postcard,
    as_postcard_entry,
    "~3.postcard",
    [&b""[..], b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x01\xff", b"\x01\x01x-and-more"]
);
