//! What every store must do, run against each of them.

use super::any::AnyStore;
use super::memory::MemoryStore;
use super::redis::RedisStore;
use super::testing::{Write, key};
use super::{Acquired, Act, Ask, Bytes, Cursor, Found, LONGEST, Life, Read, Store, Token, Want};
use crate::clock::Clock;
use crate::config::Bounds;
use crate::error::Error;
use crate::key::glob;
use crate::key::whole::Key;
use ::redis::IntoConnectionInfo;
use cache_test_servers::RedisServer;
use std::collections::BTreeSet;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);
const PLAIN: Want = Want::Value { about: 0 };
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
    };
}

fn memory() -> AnyStore {
    AnyStore::Memory(MemoryStore::new(Clock::system(), Bounds::default()))
}

fn redis(server: &RedisServer) -> AnyStore {
    let info = server.url().as_str().into_connection_info().unwrap();
    AnyStore::Redis(RedisStore::new(info, "p", 1))
}

conformance!(
    what_was_set_is_read_back,
    any_bytes_are_a_value,
    a_value_may_be_large,
    a_life_below_a_millisecond_stores_nothing,
    a_huge_life_is_cut_and_never_overflows,
    a_short_life_ends,
    setting_again_replaces_value_and_life,
    remove_counts_what_was_there,
    many_keys_are_removed_in_one_call,
    a_scan_finds_every_key_over_its_pages,
    a_scan_matches_as_globs_do,
    a_ping_is_answered,
    many_at_once,
    a_lease_is_given_once_and_the_fill_ends_it,
    a_value_is_found_instead_of_a_lease,
    an_invalidation_voids_the_fill,
    a_lease_of_another_is_not_released,
    a_lease_that_was_left_behind_is_taken_over,
    what_lasts_longer_than_any_lease_is_none,
    a_voided_lease_is_not_brought_back,
    a_lease_runs_out_and_is_made_to_last,
    force_takes_the_lease_over,
    a_value_is_read_alone_or_with_its_life,
    a_read_says_which_connection_answered,
    a_value_counts_only_with_enough_left,
    a_discard_takes_value_and_lease,
    leases_are_found_by_their_pattern,
);

async fn what_was_set_is_read_back(store: &impl Store) {
    assert_eq!(store.get("p:k", SOON).await, Ok(None));
    assert_eq!(store.life(&key("p:k"), SOON).await, Ok(Life::Absent));
    store.set("p:k", b"v", MINUTE, SOON).await.unwrap();
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"v".to_vec())));
    let Ok(Life::Remaining(left)) = store.life(&key("p:k"), SOON).await else { panic!("no life") };
    assert!(left <= MINUTE && left > MINUTE - SOON);
}

async fn any_bytes_are_a_value(store: &impl Store) {
    let all: Vec<u8> = (0..=255).collect();
    for value in [&all[..], b"", b"\r\n$-1\r\n", b"\0"] {
        store.set("p:\r\n key ü", value, MINUTE, SOON).await.unwrap();
        assert_eq!(store.get("p:\r\n key ü", SOON).await, Ok(Some(value.to_vec())));
    }
}

async fn a_value_may_be_large(store: &impl Store) {
    let value = vec![7; 1 << 20];
    store.set("p:large", &value, MINUTE, SOON).await.unwrap();
    assert!(store.get("p:large", SOON).await.unwrap() == Some(value));
}

async fn a_life_below_a_millisecond_stores_nothing(store: &impl Store) {
    for ttl in [Duration::ZERO, Duration::from_nanos(1), Duration::from_micros(999)] {
        assert_eq!(store.set("p:k", b"v", ttl, SOON).await, Ok(()));
        assert_eq!(store.get("p:k", SOON).await, Ok(None));
    }
}

async fn a_huge_life_is_cut_and_never_overflows(store: &impl Store) {
    for ttl in [Duration::MAX, Duration::from_secs(u64::MAX / 1000)] {
        store.set("p:k", b"v", ttl, SOON).await.unwrap();
        assert!(store.get("p:k", SOON).await.unwrap().is_some());
        let life = store.life(&key("p:k"), SOON).await.unwrap();
        assert!(matches!(life, Life::Remaining(left) if left > MINUTE));
    }
}

async fn a_short_life_ends(store: &impl Store) {
    store.set("p:k", b"v", Duration::from_millis(30), SOON).await.unwrap();
    cache_test_servers::eventually(SOON, || async {
        store.get("p:k", SOON).await.unwrap().is_none()
    })
    .await;
    assert_eq!(store.remove(&[key("p:k")], SOON).await, Ok(0));
}

async fn setting_again_replaces_value_and_life(store: &impl Store) {
    store.set("p:k", b"long", MINUTE * 60, SOON).await.unwrap();
    store.set("p:k", b"short", MINUTE, SOON).await.unwrap();
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"short".to_vec())));
    let life = store.life(&key("p:k"), SOON).await.unwrap();
    assert!(matches!(life, Life::Remaining(left) if left <= MINUTE));
}

async fn remove_counts_what_was_there(store: &impl Store) {
    assert_eq!(store.remove(&[], SOON).await, Ok(0));
    store.set("p:a", b"v", MINUTE, SOON).await.unwrap();
    store.set("p:b", b"v", MINUTE, SOON).await.unwrap();
    let keys = ["p:a", "p:none", "p:b"].map(key);
    assert_eq!(store.remove(&keys, SOON).await, Ok(2));
    assert_eq!(store.get("p:a", SOON).await, Ok(None));
    assert_eq!(store.remove(&keys, SOON).await, Ok(0));
}

async fn many_keys_are_removed_in_one_call(store: &impl Store) {
    let keys: Vec<Key> = (0..1_300).map(|n| key(&format!("p:{n}"))).collect();
    for key in &keys {
        store.set(key.whole(), b"v", MINUTE, SOON).await.unwrap();
    }
    assert_eq!(store.remove(&keys, SOON).await, Ok(1_300));
}

async fn a_scan_finds_every_key_over_its_pages(store: &impl Store) {
    let expected: BTreeSet<String> = (0..2_000).map(|n| format!("p:user:{n}")).collect();
    for key in &expected {
        store.set(key, b"v", MINUTE, SOON).await.unwrap();
    }
    store.set("p:other", b"v", MINUTE, SOON).await.unwrap();
    let (found, pages) = scan(store, "p:user:*").await;
    assert_eq!(found, expected);
    assert!(pages > 1, "one page of 2,000 keys is no page");
}

/// The names and patterns in which implementations of globs differ.
async fn a_scan_matches_as_globs_do(store: &impl Store) {
    let names = [
        "a", "b", "ab", "abc", "a*b", "a?b", "[a]", "a]b", "a\\b", "a-b", "-", "^", "*", "]", "[",
        "ü", "aaa", "a\nb", "A", "[^a]", "a[", "\\",
    ];
    for name in names {
        store.set(&format!("p:{name}"), b"v", MINUTE, SOON).await.unwrap();
    }
    let patterns = [
        "*", "a*", "*b", "a?b", "?", "??", "[ab]", "[^ab]", "[a-c]", "[c-a]", "a\\*b", "a\\?b",
        "\\[a\\]", "[\\]]", "[]]", "[]", "[^]", "[", "[^", "[a", "a[", "a[b", "[a-", "[-a]",
        "[a-]", "[\\", "\\", "\\\\", "a\\", "**", "*?*", "a*b*c", "*a*a*", "[^a-b]*", "[*]", "[?]",
        "ü", "??", "", "[[]", "[a]]", "a]b", "[^^]", "[b^]",
    ];
    for pattern in patterns {
        let pattern = format!("p:{pattern}");
        let expected: BTreeSet<String> = names
            .iter()
            .map(|name| format!("p:{name}"))
            .filter(|key| glob::matches(pattern.as_bytes(), key.as_bytes()))
            .collect();
        assert_eq!(scan(store, &pattern).await.0, expected, "{pattern}");
    }
}

async fn a_ping_is_answered(store: &impl Store) {
    assert_eq!(store.ping(SOON).await, Ok(()));
    assert!(store.info(SOON).await.unwrap().used_memory.is_some());
    assert_eq!(store.reachability(), super::Reachability::Reachable);
}

fn tokens() -> (Token, Token) {
    (Token::random().unwrap(), Token::random().unwrap())
}

async fn ask(store: &impl Store, ask: Ask, token: &Token) -> Acquired {
    store.acquire(&key("p:k"), ask, token, &[], MINUTE, SOON).await.unwrap()
}

async fn acquire(store: &impl Store, whole: &str, token: &Token) -> Acquired {
    store.acquire(&key(whole), Ask::IfAbsent, token, &[], MINUTE, SOON).await.unwrap()
}

async fn settle(store: &impl Store, whole: &str, token: &Token, act: Act<'_>) -> bool {
    store.settle(&key(whole), token, act, SOON).await.unwrap()
}

/// What a store finds where a plain value is wanted.
fn plain(value: &[u8]) -> Found {
    Found { bytes: Bytes::Own(value.to_vec()), left: None }
}

async fn lease_of(store: &impl Store, whole: &str) -> Option<Vec<u8>> {
    store.get(&key(whole).lease(), SOON).await.unwrap()
}

async fn a_lease_is_given_once_and_the_fill_ends_it(store: &impl Store) {
    let (one, other) = tokens();
    assert_eq!(acquire(store, "p:k", &one).await, Acquired::Ours);
    assert_eq!(acquire(store, "p:k", &other).await, Acquired::Theirs);
    assert!(!settle(store, "p:k", &other, Act::Fill(b"theirs", MINUTE)).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(None));
    assert!(settle(store, "p:k", &one, Act::Fill(b"ours", MINUTE)).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"ours".to_vec())));
    assert_eq!(lease_of(store, "p:k").await, None);
    assert!(!settle(store, "p:k", &one, Act::Fill(b"again", MINUTE)).await);
}

async fn a_value_is_found_instead_of_a_lease(store: &impl Store) {
    store.set("p:k", b"v", MINUTE, SOON).await.unwrap();
    assert_eq!(
        acquire(store, "p:k", &Token::random().unwrap()).await,
        Acquired::Found(plain(b"v"))
    );
    assert_eq!(lease_of(store, "p:k").await, None);
}

async fn an_invalidation_voids_the_fill(store: &impl Store) {
    let (one, other) = tokens();
    assert_eq!(acquire(store, "p:k", &one).await, Acquired::Ours);
    assert_eq!(store.remove(&[key("p:k")], SOON).await, Ok(0), "a lease is not a value");
    assert_eq!(acquire(store, "p:k", &other).await, Acquired::Ours);
    assert!(!settle(store, "p:k", &one, Act::Fill(b"old", MINUTE)).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(None));
    assert!(settle(store, "p:k", &other, Act::Fill(b"new", MINUTE)).await);
}

async fn renew(store: &impl Store, leases: &[(&str, Token)]) {
    let leases: Vec<_> = leases.iter().map(|(whole, token)| (key(whole), *token)).collect();
    assert_eq!(store.renew(&leases, MINUTE, SOON).await, Ok(()));
}

async fn a_lease_of_another_is_not_released(store: &impl Store) {
    let (one, other) = tokens();
    assert_eq!(acquire(store, "p:k", &one).await, Acquired::Ours);
    assert!(!settle(store, "p:k", &other, Act::Release).await);
    assert!(settle(store, "p:k", &one, Act::Release).await);
    assert_eq!(acquire(store, "p:k", &other).await, Acquired::Ours);
}

async fn a_lease_that_was_left_behind_is_taken_over(store: &impl Store) {
    let (one, other) = tokens();
    let (key, next) = (key("p:k"), Token::random().unwrap());
    for ask in [Ask::IfAbsent, Ask::Above(SOON)] {
        assert_eq!(acquire(store, "p:k", &one).await, Acquired::Ours);
        let over = async |over: &[Token]| {
            store.acquire(&key, ask, &next, over, MINUTE, SOON).await.unwrap()
        };
        assert_eq!(over(&[]).await, Acquired::Theirs);
        assert_eq!(over(&[other]).await, Acquired::Theirs, "somebody else has it");
        assert_eq!(over(&[other, one]).await, Acquired::Ours);
        assert!(!settle(store, "p:k", &one, Act::Fill(b"late", MINUTE)).await);
        assert!(settle(store, "p:k", &next, Act::Release).await);
    }
}

async fn what_lasts_longer_than_any_lease_is_none(store: &impl Store) {
    let (one, other) = tokens();
    for ask in [Ask::IfAbsent, Ask::Above(SOON)] {
        let endless = LONGEST + Duration::from_secs(1);
        let key = key("p:k");
        assert_eq!(
            store.acquire(&key, Ask::Force, &one, &[], endless, SOON).await,
            Ok(Acquired::Ours)
        );
        assert_eq!(store.acquire(&key, ask, &other, &[], MINUTE, SOON).await, Ok(Acquired::Ours));
        assert_eq!(store.acquire(&key, ask, &one, &[], MINUTE, SOON).await, Ok(Acquired::Theirs));
        assert!(settle(store, "p:k", &other, Act::Release).await);
    }
}

async fn a_voided_lease_is_not_brought_back(store: &impl Store) {
    let (one, other) = tokens();
    assert_eq!(acquire(store, "p:k", &one).await, Acquired::Ours);
    store.remove(&[key("p:k")], SOON).await.unwrap();
    renew(store, &[("p:k", one)]).await;
    assert_eq!(acquire(store, "p:k", &other).await, Acquired::Ours);
}

async fn a_lease_runs_out_and_is_made_to_last(store: &impl Store) {
    let short = Duration::from_millis(30);
    let (one, other) = tokens();
    for whole in ["p:ends", "p:lasts"] {
        let taken = store.acquire(&key(whole), Ask::IfAbsent, &one, &[], short, SOON).await;
        assert_eq!(taken, Ok(Acquired::Ours));
    }
    // One message for all that are held, and that of another is left alone.
    renew(store, &[("p:lasts", one), ("p:ends", other), ("p:none", one)]).await;
    renew(store, &[]).await;
    cache_test_servers::eventually(SOON, async || {
        acquire(store, "p:ends", &other).await == Acquired::Ours
    })
    .await;
    assert_eq!(acquire(store, "p:lasts", &other).await, Acquired::Theirs);
    assert_eq!(lease_of(store, "p:none").await, None);
    assert!(!settle(store, "p:ends", &one, Act::Fill(b"late", MINUTE)).await);
}

async fn force_takes_the_lease_over(store: &impl Store) {
    let (one, other) = tokens();
    store.set("p:k", b"old", MINUTE, SOON).await.unwrap();
    assert_eq!(ask(store, Ask::Force, &one).await, Acquired::Ours);
    assert_eq!(ask(store, Ask::Force, &other).await, Acquired::Ours);
    assert!(!settle(store, "p:k", &one, Act::Fill(b"one", MINUTE)).await);
    assert!(settle(store, "p:k", &other, Act::Fill(b"other", MINUTE)).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"other".to_vec())));
}

async fn a_value_is_read_alone_or_with_its_life(store: &impl Store) {
    let read = async |want| store.read(&key("p:k"), want, SOON).await.unwrap().found;
    assert_eq!((read(PLAIN).await, read(Want::Life).await), (None, None));
    store.set("p:k", b"v", MINUTE, SOON).await.unwrap();
    assert_eq!(read(PLAIN).await, Some(plain(b"v")));
    let found = read(Want::Life).await.unwrap();
    let left = found.left.unwrap();
    assert!(*found.bytes == *b"v" && left <= MINUTE && left > MINUTE - SOON);
}

async fn a_read_says_which_connection_answered(store: &impl Store) {
    let generation = async |want| {
        let Read { generation, .. } = store.read(&key("p:k"), want, SOON).await.unwrap();
        generation
    };
    let (first, second) = (generation(PLAIN).await, generation(Want::Life).await);
    assert_eq!(first, second, "nothing was lost");
    store.set("p:k", b"v", MINUTE, SOON).await.unwrap();
    let many = (0..10).map(|_| generation(PLAIN));
    for generation in futures_util::future::join_all(many).await {
        assert_eq!(generation, first, "also where reads go together");
    }
}

async fn a_value_counts_only_with_enough_left(store: &impl Store) {
    let (one, other) = tokens();
    let above = async |token, above| ask(store, Ask::Above(above), token).await;
    store.set("p:k", b"old", MINUTE, SOON).await.unwrap();
    let Acquired::Found(found) = above(&one, MINUTE / 2).await else { panic!("it has enough") };
    let left = found.left.unwrap();
    assert!(*found.bytes == *b"old" && left <= MINUTE && left > MINUTE / 2);
    assert_eq!(lease_of(store, "p:k").await, None);
    assert_eq!(above(&one, MINUTE).await, Acquired::Ours);
    assert_eq!(above(&other, MINUTE).await, Acquired::Theirs);
    assert!(matches!(above(&other, Duration::ZERO).await, Acquired::Found(_)));
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"old".to_vec())), "it stays servable");
    assert!(settle(store, "p:k", &one, Act::Fill(b"new", MINUTE)).await);
    store.remove(&[key("p:k")], SOON).await.unwrap();
    assert_eq!(above(&other, Duration::ZERO).await, Acquired::Ours, "no value has nothing left");
}

async fn a_discard_takes_value_and_lease(store: &impl Store) {
    let (one, other) = tokens();
    store.set("p:k", b"old", MINUTE, SOON).await.unwrap();
    assert_eq!(ask(store, Ask::Above(MINUTE), &one).await, Acquired::Ours);
    assert!(!settle(store, "p:k", &other, Act::Discard).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"old".to_vec())));
    assert!(settle(store, "p:k", &one, Act::Discard).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(None));
    assert_eq!(acquire(store, "p:k", &other).await, Acquired::Ours);
}

async fn leases_are_found_by_their_pattern(store: &impl Store) {
    let keys = ["p:k", "p:{tag}:k", "p:a{b", "p:a}b", "p:a{}b"];
    for key in keys {
        acquire(store, key, &Token::random().unwrap()).await;
    }
    let (found, _) = scan(store, "p:~lease:*").await;
    assert_eq!(found, BTreeSet::from(keys.map(|whole| key(whole).lease())));
}

async fn many_at_once(store: &impl Store) {
    let all = (0..256).map(|n| async move {
        let (key, value) = (format!("p:{n}"), format!("{n}").into_bytes());
        store.set(&key, &value, MINUTE, SOON).await.unwrap();
        assert_eq!(store.get(&key, SOON).await, Ok(Some(value)));
    });
    futures_util::future::join_all(all).await;
}

async fn scan(store: &impl Store, pattern: &str) -> (BTreeSet<String>, usize) {
    let (mut found, mut pages, mut from) = (BTreeSet::new(), 0, None::<Cursor>);
    loop {
        let (keys, next) = store.scan(pattern, from.as_ref(), SOON).await.unwrap();
        found.extend(keys);
        pages += 1;
        assert!(pages < 10_000, "a scan that does not end");
        match next {
            Some(_) => from = next,
            None => return (found, pages),
        }
    }
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
    let generation =
        async |want| store.read(&key("p:k"), want, SOON).await.ok().map(|read| read.generation);
    let first = generation(PLAIN).await;
    assert!(first > Some(0) && generation(Want::Life).await == first);
    server.command::<u64>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    for want in [PLAIN, Want::Life] {
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
        for text in [key.whole(), &key.lease()] {
            assert_eq!(server.command::<u16>(&["CLUSTER", "KEYSLOT", text]), key.slot(), "{text}");
        }
    }
}
