//! What every store must do, run against each of them; here what they have in common, and what is
//! particular to one.

use super::any::AnyStore;
use super::memory::MemoryStore;
use super::redis::RedisStore;
use super::testing::{OURS, THEIRS, Write, claim, key, left};
use super::{Acquired, Act, Ask, Bytes, Claim, Found, LeftBehind, Life, Read, Store, Token, Want};
use crate::clock::Clock;
use crate::config::{Bounds, Builder};
use crate::error::Error;
use crate::key::whole::Key;
use ::redis::IntoConnectionInfo;
use cache_test_servers::RedisServer;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_secs(60);

/// A test of each store, and the server behind it if it has one.
macro_rules! conformance {
    ($($name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $name() { super::$name(&super::memory()).await; })*
        }
        mod redis {
            $(#[tokio::test] async fn $name() {
                let server = cache_test_servers::RedisServer::start();
                super::$name(&super::redis(&server)).await;
            })*
        }
        mod cluster {
            // One for all: it takes seconds to begin.
            #[tokio::test]
            async fn all() {
                let cluster = cache_test_servers::Cluster::of_primaries();
                $(
                    println!(stringify!($name));
                    super::$name(&super::store_at(&cluster.url())).await;
                    for node in cluster.nodes() {
                        node.command::<()>(&["FLUSHALL"]);
                    }
                )*
            }
        }
    };
}

mod leases;
mod own_tags;
mod scans;
mod tags;
mod values;

fn memory() -> AnyStore {
    AnyStore::Memory(MemoryStore::new(Clock::system(), Bounds::default()))
}

fn redis(server: &RedisServer) -> AnyStore {
    let info = server.url().as_str().into_connection_info().unwrap();
    AnyStore::Redis(RedisStore::new(info, "p", 1))
}

fn store_at(url: &str) -> AnyStore {
    let settings = Builder::default().url(url).prefix("p").settings(&|_| None).unwrap();
    AnyStore::new(&settings).unwrap()
}

fn tokens() -> (Token, Token) {
    (Token::random().unwrap(), Token::random().unwrap())
}

async fn acquire(store: &impl Store, whole: &str, token: &Token) -> Acquired {
    store.acquire(&key(whole), &claim(Ask::IfAbsent, token), SOON).await.unwrap()
}

/// What a store finds where a plain value is wanted.
fn plain(value: &[u8]) -> Found {
    Found::plain(Bytes::Own(value.to_vec()))
}

async fn lease_of(store: &impl Store, whole: &str) -> Option<Vec<u8>> {
    store.get(&key(whole).lease(), SOON).await.unwrap()
}

#[tokio::test]
async fn a_disabled_store_misses_and_keeps_nothing() {
    let store = AnyStore::Disabled(super::disabled::DisabledStore);
    assert_eq!(store.set("p:k", b"v", MINUTE, SOON).await, Ok(()));
    assert_eq!(store.get("p:k", SOON).await, Ok(None));
    assert_eq!(store.remove(&[key("p:k")], SOON).await, Ok(0));
    assert_eq!(store.scan("*", None, SOON).await, Ok((Vec::new(), None)));
    assert_eq!(store.ping(SOON).await, Err(Error::Disabled));
}

#[tokio::test]
async fn a_connection_made_again_is_a_later_generation() {
    let server = RedisServer::start();
    let store = redis(&server);
    let generation = async |want: Want<'_>| {
        store.read_with("p:k", want, SOON).await.ok().map(|read| read.generation)
    };
    let first = generation(Want::PLAIN).await;
    assert!(first > Some(0) && generation(Want::LIFE).await == first);
    server.command::<u64>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    for want in [Want::PLAIN, Want::LIFE] {
        cache_test_servers::eventually(SOON, async || generation(want).await > first).await;
    }
}

#[test]
fn a_key_and_its_lease_are_in_the_slot_that_redis_says() {
    let server = RedisServer::with_args(&["--cluster-enabled", "yes"]);
    for bare in
        ["user:7", "{eu}:7", "a{b", "a}b", "a{}b", "a{}{b}", "}{", "{a{b}c}", "ü:日", "*", ""]
    {
        let key = Key::new("p", bare);
        for text in [key.whole(), &key.lease(), &key.ended()] {
            assert_eq!(server.command::<u16>(&["CLUSTER", "KEYSLOT", text]), key.slot(), "{text}");
        }
    }
}
