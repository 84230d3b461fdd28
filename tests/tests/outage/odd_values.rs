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

/// Recursive, of frames that 300 levels of do not fit into a thread's stack, and readable without an
/// end: of nothing that begins with `[` does its reader take anything.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Deep {
    room: [[u64; 16]; 16],
    next: Option<Box<Deep>>,
    through: Through,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Through(Option<Box<Through>>);

fn deep(runs: &Runs) -> Deep {
    runs.one_more();
    Deep { room: [[7; 16]; 16], next: None, through: Through(None) }
}

#[redis_cache(ttl = 60, key = "deep")]
async fn deep_json(runs: &Runs) -> Deep {
    deep(runs)
}

#[redis_cache(ttl = 60, key = "deep", codec = MessagePack)]
async fn deep_message_pack(runs: &Runs) -> Deep {
    deep(runs)
}

#[redis_cache(ttl = 60, key = "deep", codec = Postcard, version = 1)]
async fn deep_postcard(runs: &Runs) -> Deep {
    deep(runs)
}

/// Replaced like any other garbage; a stack that overflows would end the process.
#[tokio::test]
async fn a_value_that_is_nested_without_end() {
    let server = RedisServer::start();
    let (cache, prefix, _logs) = own_cache(&server);
    let set = |mark: &str, value: &[u8]| {
        let mut connection = server.connection().unwrap();
        let key = format!("{prefix}:deep{mark}");
        let () = redis::cmd("SET").arg(key).arg(value).query(&mut connection).unwrap();
    };
    let room = format!("{:?}", [[7; 16]; 16]);
    let flat = |json: &str| [json, "0"].concat().into_bytes();
    let json = [
        flat(&format!("{{\"room\":{room},\"through\":[")),
        flat(&format!("{{\"room\":{room},\"next\":").repeat(300)),
        flat(&"[".repeat(300)),
    ];
    // An array for the struct, of three fields in order; the first one is the room.
    let rows = [&[0xdc, 0, 16][..], &[7; 16]].concat().repeat(16);
    let message_pack = [&[0x93, 0xdc, 0, 16][..], &rows].concat().repeat(300);
    let postcard = [&[7; 256][..], &[1]].concat().repeat(300);
    limited(async {
        let runs = Runs::default();
        for bytes in &json {
            set("", bytes);
            assert_eq!(called(&cache, deep_json(&runs)).await.0, deep(&Runs::default()));
        }
        set("~msgpack", &message_pack);
        assert_eq!(called(&cache, deep_message_pack(&runs)).await.0, deep(&Runs::default()));
        set("~1.postcard", &postcard);
        assert_eq!(called(&cache, deep_postcard(&runs)).await.0, deep(&Runs::default()));
        assert_eq!(runs.count(), 5);
        let (_, observed, _) = called(&cache, deep_postcard(&runs)).await;
        assert_eq!(observed.hits, 1, "a good value stands there now");
    })
    .await;
}
