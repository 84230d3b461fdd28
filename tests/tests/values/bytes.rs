//! Whatever bytes somebody writes under a key of ours: a miss, or a value of the right type.

use cache_runtime::{MessagePack, Postcard, redis_cache};
use cache_tests::{RedisServer, builder_at, called};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Tree {
    Leaf(Option<u64>),
    Named { name: String, size: f64 },
    Node(Vec<Tree>),
}

#[redis_cache(ttl = 60, key = "tree")]
async fn json() -> Tree {
    Tree::Leaf(Some(7))
}

#[redis_cache(ttl = 60, key = "tree", codec = MessagePack)]
async fn message_pack() -> Tree {
    Tree::Leaf(Some(7))
}

#[redis_cache(ttl = 60, key = "tree", codec = Postcard, version = 1)]
async fn postcard() -> Tree {
    Tree::Leaf(Some(7))
}

#[redis_cache(ttl = 60, key = "map", codec = MessagePack)]
async fn map() -> BTreeMap<String, Vec<Option<i128>>> {
    BTreeMap::new()
}

/// What opens a value without ever closing it.
const DEEP: [&[u8]; 5] =
    [b"{\"Node\":[", b"\x81\xa4Node\xdd\xff\xff\xff\xff", b"\x81\xa4Node\x91", b"\x02\x01", b"["];

/// Garbage, and what begins or ends as a value.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let good = prop_oneof![
        Just(br#"{"Named":{"name":"x","size":1.5}}"#.to_vec()),
        Just(b"\x81\xa5Named\x82\xa4name\xa1x\xa4size\xcb?\xf8\0\0\0\0\0\0".to_vec()),
        Just(b"\x01\x01x\0\0\0\0\0\0\xf8?".to_vec()),
    ];
    let damaged = (good, any::<proptest::sample::Index>(), any::<u8>(), any::<bool>());
    prop_oneof![
        1 => proptest::collection::vec(any::<u8>(), 0..64),
        2 => damaged.prop_map(|(mut bytes, at, byte, cut)| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if cut {
                bytes.truncate(at + 1);
            }
            bytes
        }),
        1 => (0..DEEP.len(), 1_usize..20_000).prop_map(|(at, times)| DEEP[at].repeat(times)),
    ]
}

#[test]
fn arbitrary_bytes_never_panic() {
    let server = RedisServer::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cache = builder_at(&server.url()).build().unwrap();
    let mut connection = server.connection().unwrap();
    let mut keys: Vec<String> = Vec::new();
    runtime.block_on(cache.scope(async {
        json().await;
        message_pack().await;
        postcard().await;
        map().await;
    }));
    keys.extend(["t:tree", "t:tree~msgpack", "t:tree~1.postcard", "t:map~msgpack"].map(Into::into));
    assert_eq!(server.command::<usize>(&["DBSIZE"]), keys.len(), "these are all there are");

    let config = ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() };
    let connection = std::cell::RefCell::new(&mut connection);
    TestRunner::new(config)
        .run(&garbage(), |bytes| {
            for key in &keys {
                let mut set = redis::cmd("SET");
                let () = set.arg(key).arg(&bytes).query(&mut **connection.borrow_mut()).unwrap();
            }
            runtime.block_on(async {
                for call in 0..2 {
                    let (one, seen, _) = called(&cache, json()).await;
                    check(&one, seen.misses);
                    let (two, seen, _) = called(&cache, message_pack()).await;
                    check(&two, seen.misses);
                    let (three, seen, _) = called(&cache, postcard()).await;
                    check(&three, seen.misses);
                    let (_, seen, _) = called(&cache, map()).await;
                    // Replaced by what the body computed, or good by chance.
                    assert!(call == 0 || seen.hits == 1);
                }
            });
            Ok(())
        })
        .unwrap();
}

fn check(value: &Tree, misses: u64) {
    assert!(misses == 0 || *value == Tree::Leaf(Some(7)));
}
